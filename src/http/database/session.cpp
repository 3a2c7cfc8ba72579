#include "http/database/session.hpp"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/base/utf8.hpp"
#include "http/database/notice_text.hpp"

namespace connector::http {

namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr std::size_t most_notices = 20;

/// Both roles count, as a role may be set to become another one when it logs in.
constexpr const char* check_statement =
    "SELECT (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n "
    "ON n.oid OPERATOR(pg_catalog.=) e.extnamespace WHERE e.extname OPERATOR(pg_catalog.=) 'connector'), "
    "EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolsuper AND (r.rolname OPERATOR(pg_catalog.=) session_user OR "
    "r.rolname OPERATOR(pg_catalog.=) current_user))";

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

SqlFailure failure(const PGresult* result) {
  SqlFailure failure;
  failure.sqlstate = field(result, PG_DIAG_SQLSTATE);
  failure.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  failure.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  failure.hint = field(result, PG_DIAG_MESSAGE_HINT);
  failure.number = connector_error_number(failure.detail);
  // Other errors mean a column of a table.
  if (failure.number != 0) failure.parameter = field(result, PG_DIAG_COLUMN_NAME);
  // Results of another type than the statement was prepared with; the session does not have the statement.
  failure.outdated = failure.sqlstate == "26000" ||
                     (failure.sqlstate == "0A000" && field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery");
  return failure;
}

/// Whether a statement may have failed because it was prepared before the extension was changed.
bool may_be_outdated(const SqlFailure& failure) {
  return failure.outdated || (failure.number == 0 && (failure.sqlstate == "3F000" || failure.sqlstate == "42883"));
}

/// What ends libpq's message of a failed login with PQERRORS_SQLSTATE: "… FATAL:  28P01\n"; empty if nothing does.
std::string login_sqlstate(std::string_view message) {
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  if (message.size() < 7) return {};
  const std::string_view last = message.substr(message.size() - 5);
  const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  if (message[message.size() - 6] != ' ' || !std::all_of(last.begin(), last.end(), is_code)) return {};
  return std::string(last);
}

/// libpq takes texts up to their first zero byte: what is behind it would be lost without a word.
void check_values(const std::vector<Value>& values) {
  const auto has_zero = [](const Value& value) { return value && value->find('\0') != std::string::npos; };
  if (std::none_of(values.begin(), values.end(), has_zero)) return;
  SqlFailure failure;
  failure.sqlstate = "22021";  // character_not_in_repertoire, as PostgreSQL itself says of such texts
  failure.message = "the request has a text with a zero byte";
  failure.hint = "PostgreSQL can't store zero bytes in texts.";
  throw SqlFailure(failure);
}

Rows rows_of(const PGresult* result) {
  Rows rows(static_cast<std::size_t>(PQntuples(result)));
  const int columns = PQnfields(result);
  for (int i = 0; i < PQntuples(result); ++i) {
    Row& row = rows[static_cast<std::size_t>(i)];
    row.reserve(static_cast<std::size_t>(columns));
    for (int j = 0; j < columns; ++j) {
      if (PQgetisnull(result, i, j) != 0) {
        row.emplace_back(std::nullopt);
      } else {
        row.emplace_back(std::string(PQgetvalue(result, i, j), static_cast<std::size_t>(PQgetlength(result, i, j))));
      }
    }
  }
  return rows;
}

/// What is told to libpq otherwise, or not at all.
bool is_told_otherwise(std::string_view name) {
  constexpr std::array<std::string_view, 7> names = {"host",
                                                     "hostaddr",
                                                     "port",
                                                     "connect_timeout",
                                                     "target_session_attrs",
                                                     "client_encoding",
                                                     "fallback_application_name"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

PGconn* start(const Database& database, const Session::Login& login, const ServerPlace& place,
              const std::string& attributes) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  const auto add = [&](const char* name, const char* value) {
    names.push_back(name);
    values.push_back(value);
  };
  std::string options = "-c client_connection_check_interval=1000";
  for (const auto& [name, value] : database.options) {
    if (name == "options") {
      options = value + ' ' + options;
    } else if (!is_told_otherwise(name)) {
      add(name.c_str(), value.c_str());
    }
  }
  // libpq takes what is empty for not given.
  add("host", place.host.c_str());
  add("hostaddr", place.hostaddr.c_str());
  add("port", place.port.c_str());
  add("target_session_attrs", attributes.c_str());
  add("user", login.user.c_str());
  add("password", login.password.c_str());
  // An empty password, or none, would have libpq look into a file of its choice. This one can't be there.
  add("passfile", login.passfile.empty() ? "/dev/null/none" : login.passfile.c_str());
  add("options", options.c_str());
  add("client_encoding", "UTF8");
  add("fallback_application_name", "connector-http");
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = PQconnectStartParams(names.data(), values.data(), 0);
  if (connection == nullptr) throw std::bad_alloc();
  return connection;
}

}  // namespace

const Value& value_at(const Rows& rows, std::size_t row, std::size_t column) {
  if (row >= rows.size() || column >= rows[row].size()) {
    throw std::runtime_error("a statement had another result than it can have");
  }
  return rows[row][column];
}

const std::string& text_at(const Rows& rows, std::size_t row, std::size_t column) {
  const Value& value = value_at(rows, row, column);
  if (!value) throw std::runtime_error("a statement had another result than it can have");
  return *value;
}

Session::Session(const asio::any_io_executor& executor, std::unique_ptr<PGconn, decltype(&PQfinish)> connection)
    : connection_(std::move(connection)), socket_(executor), timer_(executor) {}

Session::~Session() = default;

bool Session::still_there() const noexcept {
  if (!usable()) return false;
  pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
  // Nothing was asked: whatever came tells of an end, or of changed settings, with which a new session begins.
  return poll(&socket, 1, 0) == 0;
}

Task<std::unique_ptr<Session>> Session::open(const Database& database, Login login, Clock::time_point deadline,
                                             Stop* stop) {
  LoginFailure failure{LoginFailure::Reason::unavailable, "the database has no address"};
  const std::vector<ServerPlace> places = co_await addresses_of(database, failure, deadline, stop);
  const std::optional<std::chrono::seconds> time = time_of_server(database.options);
  const std::vector<std::string> rounds = rounds_of_attributes(database.options, places.size());
  for (const std::string& attributes : rounds) {
    for (const ServerPlace& place : places) {
      const Clock::time_point end = time ? std::min(deadline, Clock::now() + *time) : deadline;
      try {
        co_return co_await open_at(database, login, place, attributes, end, stop);
      } catch (LoginFailure& refused) {
        if (!refused.elsewhere) throw;
        failure = std::move(refused);
      } catch (const Stopped& stopped) {
        if (!stopped.timed_out || Clock::now() >= deadline) throw;
        failure.message = "the server " + core::quoted(place.host + ' ' + place.hostaddr) + " did not answer in time";
      }
    }
  }
  throw LoginFailure(failure);
}

/// A place for each address. Without any, `failure` says why.
Task<std::vector<ServerPlace>> Session::addresses_of(const Database& database, LoginFailure& failure,
                                                     Clock::time_point deadline, Stop* stop) {
  std::vector<ServerPlace> places;
  const std::vector<ServerPlace> named = server_places(database.options);
  for (const ServerPlace& place : named) {
    if (!has_only_name(place)) {
      places.push_back(place);
      continue;
    }
    std::string why;
    const std::vector<std::string> addresses = co_await database.addresses->find(place.host, why, deadline, stop);
    if (stop != nullptr && stop->asked()) throw Stopped{false};
    if (addresses.empty()) failure.message = "no address of host " + core::quoted(place.host) + ": " + why;
    for (const std::string& address : addresses) places.push_back({place.host, address, place.port});
  }
  co_return places;
}

Task<std::unique_ptr<Session>> Session::open_at(const Database& database, const Login& login, const ServerPlace& place,
                                                const std::string& attributes, Clock::time_point deadline, Stop* stop) {
  PGconn* connection = start(database, login, place, attributes);
  std::unique_ptr<PGconn, decltype(&PQfinish)> owned(connection, PQfinish);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  std::unique_ptr<Session> session(new Session(executor, std::move(owned)));
  PQsetNoticeReceiver(connection, receive, session.get());
  // The code instead of words, which depend on the language of the server.
  PQsetErrorVerbosity(connection, PQERRORS_SQLSTATE);
  co_await session->connect(deadline, stop);
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  if (login.must_use_password && PQconnectionUsedPassword(connection) == 0) {
    throw LoginFailure{LoginFailure::Reason::unprotected, "the server did not ask for a password"};
  }
  co_await session->check(login, deadline, stop);
  co_return session;
}

Task<> Session::connect(Clock::time_point deadline, Stop* stop) {
  PGconn* connection = connection_.get();
  PostgresPollingStatusType step =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING) {
    // libpq may have gone on with another socket, of perhaps the same number.
    watch_socket();
    const auto what = step == PGRES_POLLING_READING ? asio::posix::stream_descriptor::wait_read
                                                    : asio::posix::stream_descriptor::wait_write;
    co_await wait(what, deadline, stop);
    step = PQconnectPoll(connection);
  }
  if (step == PGRES_POLLING_FAILED) {
    std::string message = PQerrorMessage(connection);
    while (message.ends_with('\n')) message.pop_back();
    const std::string sqlstate = login_sqlstate(message);
    // 28: the password, or pg_hba.conf; 42501: no right to connect; 55000: the database takes no connections; 3D000: it
    // is not there, which is the administrator's matter.
    const bool refused = sqlstate.starts_with("28") || sqlstate == "42501";
    // As libpq does: what is no answer of a server, and one that is being started or stopped (57P03), leaves the next.
    throw LoginFailure{refused ? LoginFailure::Reason::refused : LoginFailure::Reason::unavailable, std::move(message),
                       sqlstate.empty() || sqlstate == "57P03"};
  }
  watch_socket();
  if (PQsetnonblocking(connection, 1) != 0) throw LoginFailure{LoginFailure::Reason::unavailable, "out of memory"};
}

/// Asio gets a descriptor of its own: libpq closes its one when the connection ends, and then its number may be that of
/// another session, whose place in the loop would be taken away with that of this one.
void Session::watch_socket() {
  error_code ignored;
  socket_.close(ignored);
  const int own = fcntl(PQsocket(connection_.get()), F_DUPFD_CLOEXEC, 0);
  if (own < 0) {
    throw LoginFailure{LoginFailure::Reason::unavailable, "no descriptor is left for a session of the database"};
  }
  socket_.assign(own);
}

Task<> Session::check(const Login& login, Clock::time_point deadline, Stop* stop) {
  std::vector<Value> none;  // not within the awaited expression
  const Rows rows = co_await run(check_statement, std::move(none), deadline, stop);
  if (value_at(rows, 0, 1) == "t" && !login.superuser_allowed) {
    throw LoginFailure{LoginFailure::Reason::superuser, "the role is a superuser"};
  }
  if (!value_at(rows, 0, 0))
    throw LoginFailure{LoginFailure::Reason::no_extension, "the extension connector is not installed"};
  schema_ = text_at(rows, 0, 0);
}

void Session::receive(void* session, const PGresult* notice) noexcept {
  std::vector<std::string>& notices = static_cast<Session*>(session)->notices_;
  if (notices.size() == most_notices) return;
  try {
    std::optional<std::string> text = notice_text(notice);
    if (text) notices.push_back(std::move(*text));
  } catch (const std::bad_alloc&) {
    // it is not told, which is better than to leave libpq by an exception
  }
}

Task<Rows> Session::run(const char* sql, std::vector<Value> values, Clock::time_point deadline, Stop* stop) {
  check_values(values);
  SqlFailure failed;
  try {
    co_return co_await run_once(sql, values, deadline, stop);
  } catch (SqlFailure& failure) {
    if (!may_be_outdated(failure)) throw;
    failed = std::move(failure);
  }
  // The extension may have been made anew, elsewhere or with other results, since this session prepared its statements:
  // then they are prepared again. The statement that failed has done nothing.
  const bool made_anew = co_await prepares_anew(failed, deadline, stop);
  if (!made_anew) throw SqlFailure(failed);
  co_return co_await run_once(sql, values, deadline, stop);
}

Task<bool> Session::prepares_anew(const SqlFailure& failure, Clock::time_point deadline, Stop* stop) {
  const std::string before = schema_;
  if (before.empty()) co_return false;  // it is only being logged in
  prepared_.clear();
  std::vector<Value> none;
  const Rows rows = co_await run_once(check_statement, none, deadline, stop);
  if (!value_at(rows, 0, 0)) {
    broken_ = true;
    throw LoginFailure{LoginFailure::Reason::no_extension, "the extension connector is not installed any more"};
  }
  schema_ = text_at(rows, 0, 0);
  co_return schema_ != before || failure.outdated;
}

Task<Rows> Session::run_once(const char* sql, const std::vector<Value>& values, Clock::time_point deadline,
                             Stop* stop) {
  notices_.clear();
  PGconn* connection = connection_.get();
  std::string& name = prepared_[sql];
  if (name.empty()) {
    std::string text = sql;
    constexpr std::string_view placeholder = "@extschema@";
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos; at += schema_.size()) {
      text.replace(at, placeholder.size(), schema_);
    }
    name = "s" + std::to_string(++last_prepared_);
    if (PQsendPrepare(connection, name.c_str(), text.c_str(), 0, nullptr) == 0) throw lost();
    try {
      co_await results(deadline, stop);
    } catch (const SqlFailure&) {
      prepared_.erase(sql);
      throw;
    }
  }
  std::vector<const char*> texts(values.size());
  std::transform(values.begin(), values.end(), texts.begin(),
                 [](const Value& value) { return value ? value->c_str() : nullptr; });
  if (PQsendQueryPrepared(connection, name.c_str(), static_cast<int>(texts.size()), texts.data(), nullptr, nullptr,
                          0) == 0) {
    throw lost();
  }
  co_return co_await results(deadline, stop);
}

Task<std::string> Session::notification(Clock::time_point deadline) {
  for (;;) {
    const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notification(PQnotifies(connection_.get()), PQfreemem);
    if (notification != nullptr) co_return std::string(notification->extra);
    co_await wait(asio::posix::stream_descriptor::wait_read, deadline, nullptr);
    if (PQconsumeInput(connection_.get()) == 0) throw lost();
  }
}

Task<Rows> Session::results(Clock::time_point deadline, Stop* stop) {
  PGconn* connection = connection_.get();
  co_await send_all(deadline, stop);
  Rows rows;
  std::optional<SqlFailure> failed;
  for (;;) {
    while (PQisBusy(connection) != 0) {
      co_await wait(asio::posix::stream_descriptor::wait_read, deadline, stop);
      if (PQconsumeInput(connection) == 0) throw lost();
    }
    const Result result(PQgetResult(connection), PQclear);
    if (result == nullptr) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
        rows = rows_of(result.get());
        break;
      case PGRES_COMMAND_OK:
        break;
      default:
        failed = failure(result.get());
    }
  }
  if (PQstatus(connection) != CONNECTION_OK) broken_ = true;
  if (failed) throw *failed;
  co_return rows;
}

Task<> Session::send_all(Clock::time_point deadline, Stop* stop) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left < 0) throw lost();
    if (left == 0) co_return;
    co_await wait(asio::posix::stream_descriptor::wait_write, deadline, stop);
    if (PQconsumeInput(connection_.get()) == 0) throw lost();
  }
}

/// Until the socket is ready. The timer and the stop cancel the wait; both forget it before it returns.
Task<> Session::wait(asio::posix::stream_descriptor::wait_type what, Clock::time_point deadline, Stop* stop) {
  bool timed_out = false;
  if (deadline != Clock::time_point::max()) {
    timer_.expires_at(deadline);
    timer_.async_wait([this, &timed_out](error_code error) {
      if (error) return;
      timed_out = true;
      socket_.cancel();
    });
  }
  if (stop != nullptr) stop->on_stop([this] { socket_.cancel(); });
  error_code error;
  if (stop == nullptr || !stop->asked()) co_await socket_.async_wait(what, into(error));
  if (stop != nullptr) stop->on_stop({});
  if (deadline != Clock::time_point::max() && !timed_out && timer_.cancel() == 0) {
    // Its handler is on its way, with a reference into this frame: it runs before whatever is posted now.
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  }
  if (timed_out || (stop != nullptr && stop->asked())) {
    broken_ = true;
    throw Stopped{timed_out};
  }
  if (error) throw lost();
}

SqlFailure Session::lost() {
  broken_ = true;
  SqlFailure failure;
  failure.message = "the connection to the database was lost";
  return failure;
}

}  // namespace connector::http
