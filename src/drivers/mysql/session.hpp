// One connection to a server: the library's handle, and calls that wait through core::Wait.
//
// libmariadb's `_start/_cont` calls would be the ready-made means, but they do not cover TLS: ma_tls_connect()
// (libmariadb/secure/openssl.c, 3.3 and 3.4) waits through the socket plugin's poll() or in a blocking recv(), so a
// server that falls silent in the handshake could not be left. What does cover every wait of the library is its
// MARIADB_OPT_IO_WAIT hook (plugins/pvio/pvio_socket.c), which is called wherever a non-blocking socket would block,
// TLS included. The hook can't return before the socket is ready; so it suspends the call (core::SuspendingCalls).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/net/suspending_calls.hpp"
#include "core/net/wait.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/login.hpp"

struct st_mysql;

namespace connector::mysql {

/// A row of an answer, as text. A server may answer with fewer columns than it was asked for: a column that is not
/// there throws Error (cannot_read).
class TextRow {
 public:
  explicit TextRow(std::size_t columns) : values_(columns) {}
  std::size_t size() const noexcept { return values_.size(); }
  const std::vector<std::optional<std::string>>& values() const noexcept { return values_; }
  std::optional<std::string>& operator[](std::size_t column) {
    check(column);
    return values_[column];
  }
  const std::optional<std::string>& operator[](std::size_t column) const {
    check(column);
    return values_[column];
  }

 private:
  void check(std::size_t column) const {
    if (column >= values_.size()) throw_malformed("an answer of the server has too few columns");
  }
  std::vector<std::optional<std::string>> values_;
};

/// SQL for what tells a server from any other: servers with one name, as containers may have, still have different
/// numbers, or could not replicate each other.
inline constexpr const char* server_identity_sql = "CONCAT_WS(':', @@hostname, @@port, @@server_id)";

/// A version number of a server, comparable: 10.11.19 is 101119.
struct ServerVersion {
  bool is_mariadb = false;
  unsigned long number = 0;
  /// True if the server is a MySQL, or a MariaDB, of at least that version; 0 = none of that kind.
  bool at_least(unsigned long mysql, unsigned long mariadb) const noexcept {
    const unsigned long least = is_mariadb ? mariadb : mysql;
    return least != 0 && number >= least;
  }
};

class Session final : public core::SuspendingCalls {
 public:
  /// Dials one address and logs in. Throws Error, or core::UnreachableError where another address of the server may do
  /// better. `deadline` bounds this and all further calls, until it is changed. `wait` outlives the session.
  Session(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline);
  /// Says goodbye if that can be done at once; waits only if a call was cut off, as stop_statement() does.
  ~Session() override;

  /// Runs `function` where the library may wait: SuspendingCalls::run().
  void call(const std::function<void()>& function, std::size_t max_bytes = max_answer_bytes) {
    run(function, max_bytes);
  }

  /// Runs a statement that yields no rows.
  void execute(const std::string& sql, core::Phase phase);
  /// Runs a query with a small result, as text. More than `max_rows` rows are an Error. `summary` stands in front of
  /// the server's message if it can't be done.
  std::vector<TextRow> query(const std::string& sql, core::Phase phase, std::size_t max_rows,
                             std::string_view summary = "could not query the server");

  /// Whether the server converts text to UTF-8 or sends it as it is stored (charset.hpp). It sends all rows again.
  void convert_results(bool convert);
  /// Of a SELECT that has no LIMIT of its own the server sends no more rows than so many, until convert_results().
  void limit_rows(std::int64_t rows);

  /// From here on rows of tables of InnoDB are read as they are now, until end_state().
  void hold_state();
  /// If there is such a state: rows are read as they are when each statement begins.
  void end_state();
  /// From here on rows of tables of InnoDB are read as they are now, until the session ends or joins again.
  void join_state();
  /// Throws Error (cannot_read) if the state that was joined has ended: the server has rolled the transaction back.
  void check_state() const;

  st_mysql* handle() noexcept { return handle_; }
  /// False once the connection was given up, or the library has closed it, as it does when the server ends it.
  bool usable() const noexcept;
  /// Of the connection, while no call uses it; -1 = none.
  int idle_socket() const noexcept;
  const ServerVersion& version() const noexcept { return version_; }  /// Differs from that of any other server.
  const std::string& server_identity() const noexcept { return server_identity_; }

  /// Learns what stop_statement() needs to stop this session's statement and no other.
  void identify();
  /// Stops what the server does for this session, through a second connection, within a second; then gives the
  /// connection up. Never throws.
  void stop_statement() noexcept;
  /// Closes the socket without a goodbye; calls fail from here on.
  void give_up() noexcept override;

 private:
  static int on_wait(int socket, char is_read, int timeout);
  static void on_transfer(int mode, st_mysql* handle, const unsigned char* bytes, unsigned long length);
  static Session* running;  ///< whose call is on its private stack right now

  void library_begins() noexcept override { running = this; }
  void library_ends() noexcept override { running = nullptr; }
  void stop_remote() noexcept override;
  [[noreturn]] void throw_failure(CallFailure why) override;
  bool is_connected(int socket);
  void received(std::size_t bytes);
  void set_options();
  void log_in();

  const Login login_;
  const core::Address address_;
  st_mysql* handle_ = nullptr;
  ServerVersion version_;
  std::string server_identity_;
  std::string connection_id_;
  int connect_errno_ = 0;  ///< why the TCP connection failed; the library's message has another number
  bool answered_ = false;  ///< the greeting was answered: what fails from there on is no matter of reaching the server
  bool logged_in_ = false;
  bool converting_ = true;
  bool limiting_ = false;
  bool holding_ = false;
  bool joined_ = false;
};

}  // namespace connector::mysql
