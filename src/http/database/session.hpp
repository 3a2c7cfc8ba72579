// A session of PostgreSQL, by libpq's non-blocking calls in the program's loop.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/asio.hpp"
#include "http/database/database.hpp"
#include "http/database/servers.hpp"
#include "http/database/sql_failure.hpp"
#include "http/database/stop.hpp"

namespace connector::http {

using Value = std::optional<std::string>;
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

/// A value of a result. Code of the role that runs in its session may put another statement in the place of one that
/// was prepared: what is not there is an error (std::runtime_error) of that call.
const Value& value_at(const Rows& rows, std::size_t row, std::size_t column);
/// The same for one that is not NULL.
const std::string& text_at(const Rows& rows, std::size_t row, std::size_t column);

/// Why nobody was logged in.
struct LoginFailure {
  enum class Reason {
    refused,      ///< the role, its password or its right to connect: nothing that a caller is told more of
    unprotected,  ///< the server let it in without asking for the password, so the key proves nothing
    superuser,    ///< a superuser, where none is allowed
    not_its_key,  ///< an issued key that the role does not have
    unavailable,  ///< the database does not answer, is full, or is being started
    no_extension,
    no_keys  ///< issued keys can't be read, which is the administrator's matter
  };
  Reason reason;
  std::string message;     ///< for the program's log; it names no role
  bool elsewhere = false;  ///< another server of the same conninfo may let in
};

/// What happened while a session was waited for.
struct Stopped {
  bool timed_out;  ///< else nobody waits for the answer any more
};

class Session {
 public:
  struct Login {
    std::string user;
    std::string password;
    std::string passfile;           ///< of the program's own role; never for others
    bool must_use_password = true;  ///< else the program's own role, which may be let in by other means
    bool superuser_allowed = false;
  };

  /// Logs in, at the first server of the conninfo that lets in, each of whose addresses has its own time. Throws
  /// LoginFailure or Stopped.
  static Task<std::unique_ptr<Session>> open(const Database& database, Login login, Clock::time_point deadline,
                                             Stop* stop = nullptr);

  /// Runs one statement, whose text must live as long as the program: it is prepared once and known by its address.
  /// `@extschema@` in it is the schema of the extension. Throws SqlFailure, or Stopped: then the session is of no use
  /// any more, and the server ends the statement within a second (client_connection_check_interval). What was prepared
  /// before the extension was made anew is prepared again; LoginFailure if the extension is gone.
  /// A value with a zero byte is a SqlFailure of PostgreSQL's code for such texts, as libpq would cut it there.
  Task<Rows> run(const char* sql, std::vector<Value> values, Clock::time_point deadline, Stop* stop = nullptr);

  /// What the server said beside the answer of the statement that ran last: the first 20 of its NOTICEs and WARNINGs,
  /// as notice_text() words them.
  const std::vector<std::string>& notices() const noexcept { return notices_; }

  /// Waits for a notification and takes it: its payload. Throws SqlFailure if the connection is lost, or Stopped.
  Task<std::string> notification(Clock::time_point deadline);

  bool usable() const noexcept { return PQstatus(connection_.get()) == CONNECTION_OK && !broken_; }

  /// The same for a session that nobody used for a while: the server may have ended it since.
  bool still_there() const noexcept;

  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  static void receive(void* session, const PGresult* notice) noexcept;
  Session(const asio::any_io_executor& executor, std::unique_ptr<PGconn, decltype(&PQfinish)> connection);
  static Task<std::vector<ServerPlace>> addresses_of(const Database& database, LoginFailure& failure,
                                                     Clock::time_point deadline, Stop* stop);
  static Task<std::unique_ptr<Session>> open_at(const Database& database, const Login& login, const ServerPlace& place,
                                                const std::string& attributes, Clock::time_point deadline, Stop* stop);
  void watch_socket();
  Task<> connect(Clock::time_point deadline, Stop* stop);
  Task<> check(const Login& login, Clock::time_point deadline, Stop* stop);
  Task<> wait(asio::posix::stream_descriptor::wait_type what, Clock::time_point deadline, Stop* stop);
  Task<> send_all(Clock::time_point deadline, Stop* stop);
  Task<Rows> results(Clock::time_point deadline, Stop* stop);
  Task<Rows> run_once(const char* sql, const std::vector<Value>& values, Clock::time_point deadline, Stop* stop);
  Task<bool> prepares_anew(const SqlFailure& failure, Clock::time_point deadline, Stop* stop);
  SqlFailure lost();

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  asio::posix::stream_descriptor socket_;  // a duplicate of libpq's, see watch_socket()
  asio::steady_timer timer_;
  std::string schema_;                           // of the extension, quoted
  std::map<const char*, std::string> prepared_;  // names of statements by their texts
  std::vector<std::string> notices_;
  std::uint64_t last_prepared_ = 0;  // the number in the last name
  bool broken_ = false;
};

}  // namespace connector::http
