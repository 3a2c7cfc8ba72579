// How the server behaves; most of it can be set on the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace connector::http {

struct Settings {
  std::string address = "127.0.0.1";
  unsigned short port = 8080;
  bool user_from_host = false;
  bool superusers_allowed = false;
  bool query_passwords = true;          ///< whether addresses may have the parameters of a connection
  std::size_t requests_per_second = 0;  ///< of each role; 0: any number
  std::chrono::seconds call_timeout{60};
};

}  // namespace connector::http
