// An open connection of the driver manager, and the calls on it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/net/wait.hpp"
#include "core/remote/provider.hpp"
#include "drivers/odbc/diagnostics.hpp"
#include "drivers/odbc/driver_traits.hpp"
#include "drivers/odbc/handles.hpp"

namespace connector::odbc {

class Session {
 public:
  /// Connects: the driver, or the data source, and its attributes are those of the request's options. Throws Error.
  explicit Session(const core::ConnectRequest& request);
  /// Ends what is open. May block as long as the driver does.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const DriverTraits& traits() const noexcept { return traits_; }
  core::Wait& wait() noexcept { return wait_; }
  const Mask& mask() const noexcept { return mask_; }
  SQLHDBC handle() const noexcept { return connection_.get(); }

  /// A statement, with the time limit of the request where the driver takes one.
  StatementHandle new_statement(const Task& task);

  /// While it is there, calls on the statement are stopped when the caller is asked to stop.
  class Stoppable {
   public:
    Stoppable(Session& session, SQLHSTMT statement);
    ~Stoppable();
    Stoppable(const Stoppable&) = delete;
    Stoppable& operator=(const Stoppable&) = delete;

   private:
    core::Wait& wait_;
  };

  /// Looks at what a call on the statement returned, and gives it back if it is SQL_SUCCESS, SQL_SUCCESS_WITH_INFO or
  /// SQL_NO_DATA. Else throws Interrupted if the caller was asked to stop, or Error. `call`: its name, for drivers that
  /// say nothing of their failures.
  SQLRETURN check(SQLRETURN result, SQLHSTMT statement, const Task& task, std::string_view call);
  /// A call on the statement that may block: both of the above.
  SQLRETURN run(SQLHSTMT statement, const Task& task, std::string_view call, const std::function<SQLRETURN()>& make);

  void prepare(SQLHSTMT statement, std::string_view sql, const Task& task);
  /// Of one that was prepared.
  void execute(SQLHSTMT statement, const Task& task);
  void execute_directly(SQLHSTMT statement, std::string_view sql, const Task& task);
  /// How many columns the result has; 0 = there is none.
  std::size_t column_count(SQLHSTMT statement, const Task& task);

  /// Whether the driver knows that the connection is lost.
  bool is_dead() const noexcept;
  bool usable() const noexcept { return usable_; }
  void give_up() noexcept { usable_ = false; }
  /// The driver has the socket for itself.
  int idle_socket() const noexcept { return -1; }

 private:
  void connect(const std::string& connection_string, bool is_wide, std::chrono::seconds timeout, const Task& task);
  void set_up();
  /// Of the first row and column, cut after some letters.
  std::string first_value(std::string_view sql);
  void disconnect() noexcept;
  template <typename Wide, typename Narrow>
  SQLRETURN send(std::string_view sql, Wide&& wide, Narrow&& narrow);

  core::Wait& wait_;
  Mask mask_;
  std::chrono::seconds statement_timeout_;
  DriverTraits traits_;
  Environment environment_;
  ConnectionHandle connection_;
  bool is_connected_ = false;
  bool usable_ = true;
};

}  // namespace connector::odbc
