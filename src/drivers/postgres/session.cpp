#include "drivers/postgres/session.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <libpq-fe.h>

#include "core/net/dial.hpp"
#include "core/base/hidden_environment.hpp"
#include "core/base/utf8.hpp"
#include "drivers/postgres/conninfo.hpp"
#include "drivers/postgres/sql_text.hpp"
#include "drivers/postgres/savepoint.hpp"
#include "drivers/postgres/traffic.hpp"

namespace connector::postgres {

namespace {

/// Bounds what a destructor may take.
constexpr std::chrono::milliseconds stop_timeout{900};
/// What comes by itself in that time is not worth a cancel request, which takes a connection of its own.
constexpr std::chrono::milliseconds rest_timeout{20};

/// Limits on answers, against a server that never stops. It can also send without being asked (ParameterStatus,
/// notices), of which the library keeps some: so what comes through the socket is limited, by what was delivered. Even
/// the smallest row, in a message and a TLS record of its own, is an eighth of what comes.
constexpr std::size_t max_answer_bytes = 64 * 1024 * 1024;
constexpr std::size_t max_login_bytes = 4 * 1024 * 1024;
constexpr std::size_t max_bytes_for_one = 8;
constexpr std::size_t max_row_bytes = 1024 * 1024 * 1024;  // PostgreSQL's largest allocation
constexpr int max_results = 1000;

constexpr int oldest_version = 90300;

/// The library would print notices to the server's log.
void ignore_notice(void*, const PGresult*) {}

Stage stage_of(const PGconn* handle) {
  switch (PQstatus(handle)) {
    case CONNECTION_STARTED:
      return Stage::network;
    case CONNECTION_MADE:
    case CONNECTION_SSL_STARTUP:
      return Stage::tls;
    default:
      return Stage::login;
  }
}

TextRow text_row(const PGresult* result) {
  TextRow row(static_cast<std::size_t>(PQnfields(result)));
  for (int column = 0; column < PQnfields(result); ++column) {
    if (PQgetisnull(result, 0, column) != 0) continue;
    row[static_cast<std::size_t>(column)].emplace(PQgetvalue(result, 0, column),
                                                  static_cast<std::size_t>(PQgetlength(result, 0, column)));
  }
  return row;
}

/// Roughly what a result takes in memory here.
std::size_t answer_bytes(const PGresult* result) {
  const int columns = PQntuples(result) > 0 ? PQnfields(result) : 0;
  std::size_t bytes = sizeof(TextRow) + static_cast<std::size_t>(columns) * sizeof(TextRow::value_type);
  for (int column = 0; column < columns; ++column) bytes += static_cast<std::size_t>(PQgetlength(result, 0, column));
  return bytes;
}

}  // namespace

void ClearResult::operator()(PGresult* result) const noexcept {
  PQclear(result);
}

void CopyData::Free::operator()(char* bytes) const noexcept {
  PQfreemem(bytes);
}

Session::Session(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline)
    : login_(login), address_(address), wait_(wait), deadline_(deadline) {
  {
    const core::HiddenEnvironment environment(environment_variables());
    handle_ = PQconnectStart(connection_string(connection_keywords(login_, address_)).c_str());
  }
  if (handle_ == nullptr) throw std::bad_alloc();
  try {
    log_in();
  } catch (...) {
    PQfinish(handle_);
    throw;
  }
}

/// The end of the process, should its postmaster die, comes in the middle of a statement.
Session::~Session() {
  if (busy_) stop_statement();
  PQfinish(handle_);
}

void Session::log_in() {
  PQsetNoticeReceiver(handle_, &ignore_notice, nullptr);
  PQsetErrorVerbosity(handle_, PQERRORS_VERBOSE);  // the only way to learn the SQLSTATE of a refusal
  Stage stage = stage_of(handle_);
  PostgresPollingStatusType polling =
      PQstatus(handle_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (polling != PGRES_POLLING_OK) {
    if (polling == PGRES_POLLING_FAILED) {
      const NativeError told = parse_connection_error(PQerrorMessage(handle_));
      if (told.sqlstate.empty() && told.message.find(core::quoted(password_methods)) != std::string::npos) {
        throw_password_unused();  // the words may be translated
      }
      core::Error error = connect_error(login_, stage, told);
      if (stage == Stage::network) throw core::UnreachableError(std::move(error));
      throw error;
    }
    // The socket may be another one after each step.
    const unsigned events = polling == PGRES_POLLING_READING ? core::wait_readable : core::wait_writable;
    if (!ready(events)) {
      core::Error error = connect_timeout_error(login_);
      if (stage != Stage::login) throw core::UnreachableError(std::move(error));
      throw error;
    }
    if (received_bytes(PQsocket(handle_)) > max_login_bytes) {
      throw connect_error(login_, stage, {.message = "the server talks without end"});
    }
    stage = stage_of(handle_);
    polling = PQconnectPoll(handle_);
  }
  PQsetErrorVerbosity(handle_, PQERRORS_DEFAULT);
  if (!login_.trusted && PQconnectionUsedPassword(handle_) == 0) {
    throw_password_unused();
  }
  if (version() < oldest_version) {
    const char* told = PQparameterStatus(handle_, "server_version");
    throw connect_error(login_, stage,
                        {.message = "version " + core::quoted(told == nullptr ? "" : told) +
                                    " of the server is not supported: it takes PostgreSQL 9.3 or later"});
  }
  PQsetnonblocking(handle_, 1);
  if (const char* encoding = PQparameterStatus(handle_, "server_encoding")) server_encoding_ = encoding;
}

std::vector<std::vector<TextRow>> Session::run(const std::string& sql, const Task& task) {
  begin_statement();
  if (PQsendQuery(handle_, sql.c_str()) == 0) throw_lost(task);
  busy_ = true;
  PQsetSingleRowMode(handle_);
  flush(task);
  std::vector<std::vector<TextRow>> answers;
  std::size_t bytes = 0;
  bool in_rows = false;
  while (const Result result = next_result(task)) {
    const ExecStatusType status = PQresultStatus(result.get());
    bytes += answer_bytes(result.get());
    if (bytes > max_answer_bytes || (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK &&
                                     status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)) {
      stop_statement();
      throw_malformed("the server sends what it was not asked for", task.phase, task.summary);
    }
    // The rows of a statement come as a result each, and one without rows behind them.
    const bool has_rows = status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK;
    if (has_rows && !in_rows) answers.emplace_back();
    in_rows = status == PGRES_SINGLE_TUPLE;
    if (in_rows) answers.back().push_back(text_row(result.get()));
  }
  return answers;
}

void Session::finish(const Task& task) {
  for (int results = 0; next_result(task); ++results) {
    if (results < max_results) continue;
    stop_statement();
    throw_malformed("the server sends what it was not asked for", task.phase, task.summary);
  }
}

void Session::begin_statement() {
  allowance_ = received_bytes(PQsocket(handle_)) + 2 * max_answer_bytes;
  if (usable_ && !busy_) return;
  throw core::Error(core::ErrorNumber::cannot_read, "the connection to the server was given up",
                    "Provider postgres, phase connect.", "Connect again.");
}

void Session::send(const std::string& sql, const Task& task) {
  begin_statement();
  if (PQsendQuery(handle_, sql.c_str()) == 0) throw_lost(task);
  busy_ = true;
  flush(task);
}

void Session::send_single_row_query(const std::string& sql, const Task& task) {
  begin_statement();
  if (PQsendQueryParams(handle_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) throw_lost(task);
  busy_ = true;
  PQsetSingleRowMode(handle_);
  flush(task);
}

Result Session::describe(const std::string& sql, const Task& task) {
  begin_statement();
  if (PQsendPrepare(handle_, "", sql.c_str(), 0, nullptr) == 0) throw_lost(task);
  busy_ = true;
  flush(task);
  finish(task);
  if (PQsendDescribePrepared(handle_, "") == 0) throw_lost(task);
  busy_ = true;
  flush(task);
  Result description = next_result(task);
  if (description) finish(task);
  if (PQresultStatus(description.get()) != PGRES_COMMAND_OK) {
    stop_statement();
    throw_malformed("the server does not describe it", task.phase, task.summary);
  }
  return description;
}

void Session::flush(const Task& task) {
  for (;;) {
    const int left = PQflush(handle_);
    if (left == 0) return;
    if (left < 0) throw_lost(task);
    // The server may be unable to read on before its own output is taken.
    wait(core::wait_readable | core::wait_writable);
    if (PQconsumeInput(handle_) == 0) throw_lost(task);
  }
}

Result Session::next_result(const Task& task) {
  while (PQisBusy(handle_) != 0) {
    wait(core::wait_readable);
    // What the server said before it hung up is still to be read; PQgetResult() does not wait then.
    if (PQconsumeInput(handle_) == 0) break;
  }
  Result result(PQgetResult(handle_));
  if (!result) {
    if (PQstatus(handle_) == CONNECTION_BAD) throw_lost(task);
    busy_ = false;
    return result;
  }
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE) {
    if (status == PGRES_SINGLE_TUPLE) delivered(answer_bytes(result.get()));
    if (status == PGRES_COPY_OUT) allowance_ += max_row_bytes;
    copying_ = status == PGRES_COPY_OUT;
    return result;
  }
  const NativeError error = native_error(result.get(), handle_);
  // Its words are what counts: further ones are not, and a server that does not come to an end soon is left.
  if (!skip_results(std::min(deadline_, std::chrono::steady_clock::now() + stop_timeout))) stop_statement();
  throw statement_error(task.phase, task.summary, error);
}

/// Reads on to the end of the statements, whatever they say; false if that takes longer, or never comes.
bool Session::skip_results(core::Deadline until) noexcept {
  core::PollWait wait;
  for (int results = 0; results < max_results && PQstatus(handle_) != CONNECTION_BAD;) {
    if (std::chrono::steady_clock::now() >= until) return false;
    if (copying_) {
      char* bytes = nullptr;
      const int size = PQgetCopyData(handle_, &bytes, 1);
      PQfreemem(bytes);
      copying_ = size >= 0;
      if (size != 0) continue;
    } else if (PQisBusy(handle_) == 0) {
      const Result result(PQgetResult(handle_));
      if (!result) {
        busy_ = false;
        return true;
      }
      copying_ = PQresultStatus(result.get()) == PGRES_COPY_OUT;
      ++results;
      continue;
    }
    if (!has_decrypted_input() && wait.wait(PQsocket(handle_), core::wait_readable, until) == core::wait_none) {
      return false;
    }
    // What the server said before it hung up is still to be read.
    if (PQconsumeInput(handle_) == 0 && (copying_ || PQisBusy(handle_) != 0)) return false;
  }
  return false;
}

/// Runs statements whose results are of no interest; false if they did not come to their end in time.
bool Session::run_quietly(const char* sql, core::Deadline until) noexcept {
  if (PQsendQuery(handle_, sql) == 0) return false;
  busy_ = true;
  // A few bytes, behind which the socket has taken all that was sent before.
  return PQflush(handle_) == 0 && skip_results(until);
}

CopyData Session::next_copy_data(const Task& task) {
  bool readable = true;
  for (;;) {
    char* bytes = nullptr;
    const int size = PQgetCopyData(handle_, &bytes, 1);
    if (size > 0) {
      delivered(static_cast<std::size_t>(size));
      return CopyData(bytes, static_cast<std::size_t>(size));
    }
    if (size == -1) {
      copying_ = false;
      return {};
    }
    // Input is taken only when no whole row is left, or the library would gather rows faster than we store them. The
    // first look costs less than a wait.
    if (size == -2 || (!readable && PQstatus(handle_) == CONNECTION_BAD)) throw_lost(task);
    if (!std::exchange(readable, false)) wait(core::wait_readable);
    if (PQconsumeInput(handle_) == 0 && PQstatus(handle_) != CONNECTION_BAD) throw_lost(task);
  }
}

void Session::wait(unsigned events) {
  if (received_bytes(PQsocket(handle_)) > allowance_) {
    stop_statement();
    throw_malformed("the server sends what it was not asked for");
  }
  if ((events & core::wait_readable) != 0 && has_decrypted_input()) return;
  bool in_time = false;
  try {
    in_time = ready(events);
  } catch (...) {
    // In a snapshot's transaction it is stopped by whoever has set the savepoint: others may need the snapshot.
    if (!snapshot_) stop_statement();
    throw;
  }
  if (!in_time) {
    stop_statement();
    throw connect_timeout_error(login_);
  }
  // Nobody listens here, but the library would gather what it is notified of.
  while (PGnotify* notification = PQnotifies(handle_)) PQfreemem(notification);
}

int Session::idle_socket() const noexcept {
  return PQsocket(handle_);
}

/// Waits for the socket; false at the deadline, at which a server that never stops must come to its end, too.
bool Session::ready(unsigned events) {
  return wait_.wait(PQsocket(handle_), events, deadline_) != core::wait_none &&
         std::chrono::steady_clock::now() < deadline_;
}

void Session::delivered(std::size_t bytes) noexcept {
  allowance_ += max_bytes_for_one * bytes;
}

/// OpenSSL may hold bytes that are no longer in the socket: waiting for that would be for ever.
bool Session::has_decrypted_input() const noexcept {
  const auto* ssl = static_cast<const SSL*>(PQsslStruct(handle_, "OpenSSL"));
  return ssl != nullptr && SSL_pending(ssl) > 0;
}

int Session::version() const noexcept {
  return PQserverVersion(handle_);
}

bool Session::in_transaction() const noexcept {
  return PQtransactionStatus(handle_) != PQTRANS_IDLE;
}

void Session::stop_statement() noexcept {
  if (!usable_) return;
  usable_ = false;
  if (busy_ && PQstatus(handle_) == CONNECTION_OK) {
    try {
      cancel(std::chrono::steady_clock::now() + stop_timeout);
    } catch (...) {  // the socket is closed in any case
    }
  }
  give_up();
}

bool Session::has_failed() const noexcept {
  return PQtransactionStatus(handle_) == PQTRANS_INERROR;
}

void Session::leave_statement(bool is_released) noexcept {
  if (!usable_) return;
  if (!snapshot_) {
    if (busy_) stop_statement();
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const core::Deadline until = now + stop_timeout;
  try {
    if (busy_ && !skip_results(now + rest_timeout)) {
      cancel(until);
      if (!skip_results(until)) return give_up();
    }
  } catch (...) {
    return give_up();
  }
  if (is_released && !has_failed()) return;
  snapshot_->locks = ++locks_;
  // A cancel request that comes late may hit this instead.
  do {
    if (!run_quietly(savepoint::roll_back, until)) return give_up();
  } while (has_failed() && std::chrono::steady_clock::now() < until);
  if (PQtransactionStatus(handle_) != PQTRANS_INTRANS) give_up();
}

void Session::end_snapshot() noexcept {
  snapshot_.reset();
  if (!usable_) return;
  if (busy_) return stop_statement();
  if (!run_quietly("COMMIT", std::chrono::steady_clock::now() + stop_timeout) || in_transaction()) give_up();
}

#ifdef LIBPQ_HAS_ASYNC_CANCEL
void Session::cancel(core::Deadline until) {
  struct Finish {
    void operator()(PGcancelConn* request) const noexcept { PQcancelFinish(request); }
  };
  const std::unique_ptr<PGcancelConn, Finish> request(PQcancelCreate(handle_));
  if (!request || PQcancelStart(request.get()) == 0) return;
  core::PollWait wait;
  PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
  while (polling == PGRES_POLLING_WRITING || polling == PGRES_POLLING_READING) {
    const unsigned events = polling == PGRES_POLLING_READING ? core::wait_readable : core::wait_writable;
    if (wait.wait(PQcancelSocket(request.get()), events, until) == core::wait_none) return;
    polling = PQcancelPoll(request.get());
  }
}
#else
/// Before libpq 17 the library sends a cancel request only by blocking calls, and keeps the key for it to itself. So a
/// second session asks the server. Its number alone could be somebody else's behind a load balancer.
void Session::cancel(core::Deadline until) {
  if (backend_start_.empty()) return;
  core::PollWait wait;
  Session other(login_, address_, wait, until);
  other.run(
      "SELECT pg_catalog.pg_cancel_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.pid "
      "OPERATOR(pg_catalog.=) " +
          std::to_string(PQbackendPID(handle_)) +
          " AND a.backend_start OPERATOR(pg_catalog.=) pg_catalog.timestamptz " + quote_literal(backend_start_),
      {core::Phase::fetch, "could not stop the remote statement"});
}
#endif

void Session::give_up() noexcept {
  usable_ = false;
  if (const int socket = PQsocket(handle_); socket >= 0) shutdown(socket, SHUT_RDWR);
}

void Session::throw_lost(const Task& task) {
  const NativeError error = native_error(nullptr, handle_);
  give_up();
  throw statement_error(task.phase, task.summary, error);
}

}  // namespace connector::postgres
