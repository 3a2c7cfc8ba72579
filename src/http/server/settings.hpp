// How the server behaves; most of it can be set on the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace connector::http {

struct Settings {
  std::string address = "127.0.0.1";
  unsigned short port = 8080;
  bool user_from_host = false;
  bool superusers_allowed = false;
  bool query_passwords = true;               ///< whether addresses may have the parameters of a connection
  std::size_t requests_per_second = 0;       ///< of each role; 0: any number
  bool quiet = false;                        ///< no access log
  std::vector<std::string> trusted_proxies;  ///< whose X-Forwarded-For and -Proto are believed
  std::string tls_certificate;               ///< file of the certificate and its chain; empty: no TLS
  std::string tls_key;                       ///< file of its key

  // What may take how long. A route may allow its calls more.
  std::chrono::seconds call_timeout{60};
  std::chrono::seconds handshake_timeout{10};  ///< of TLS
  std::chrono::seconds header_timeout{10};     ///< from the first byte of a request to the end of its header
  std::chrono::seconds body_timeout{30};       ///< from there to the end of its body
  std::chrono::seconds idle_timeout{60};       ///< without the first byte of a request
  std::chrono::seconds answer_timeout{60};     ///< until the client has taken an answer
  std::chrono::seconds event_timeout{30};      ///< until it has taken one piece of an answer without an end

  std::size_t most_connections = 1000;
  std::size_t most_connections_of_one = 256;                     ///< of one address
  std::size_t most_long_bytes = std::size_t{256} * 1024 * 1024;  ///< of long requests and answers, see ByteBudget
  std::size_t most_sessions = 50;                                ///< of the database
  std::size_t most_streams = 100;                                ///< of events; a tenth of them of one role
};

}  // namespace connector::http
