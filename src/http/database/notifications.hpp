// What the database tells by NOTIFY, heard in a session of the program's own.
#pragma once

#include <functional>
#include <string>

#include "http/database/database.hpp"
#include "http/asio.hpp"

namespace connector::http {

class Notifications {
 public:
  /// `heard` is called for each notification of the channel connector, with its payload, which any role can have sent;
  /// `listening` each time the program begins to listen: what was told before, it may have missed. What they throw is
  /// logged.
  Notifications(const Database& database, std::function<void(const std::string&)> heard,
                std::function<void()> listening);

  /// Listens until the program ends; connects anew when the session is lost. Ends at once where the program has no
  /// role.
  Task<> run();

 private:
  Task<> listen();
  static void call(const std::function<void()>& told);

  const Database& database_;
  std::function<void(const std::string&)> heard_;
  std::function<void()> listening_;
};

}  // namespace connector::http
