#include "drivers/sqlserver/session.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

#include <sybfront.h>
#include <sybdb.h>

#include "core/net/dial.hpp"
#include "drivers/sqlserver/configuration.hpp"
#include "drivers/sqlserver/freetds/library.hpp"

namespace connector::sqlserver {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t read_ahead_bytes = 64 * 1024;

/// The largest that the server allows on an encrypted connection (SQL Server's manual, "network packet size"); it may
/// settle for less. By default packets have 4096 bytes, and reading takes a third longer.
constexpr int packet_bytes = 16383;

/// Bounds what stopping may take. With the rest of the way out a cancel stays below a second.
constexpr std::chrono::milliseconds stop_timeout{750};

struct FreeLogin {
  void operator()(LOGINREC* login) const noexcept { dbloginfree(login); }
};

int ask_to_cancel(void*) {
  return 1;
}

int cancel(void*) {
  return INT_CANCEL;
}

}  // namespace

Session::Session(const Login& login, int port, const core::Address& address, const core::AddressRules& rules,
                 core::Wait& wait, core::Deadline deadline)
    : SuspendingCalls(wait, deadline), login_(login), address_(address), rules_(&rules), read_ahead_(read_ahead_bytes) {
  initialize_library();
  try {
    log_in(port);
  } catch (...) {
    close();
    throw;
  }
  rules_ = nullptr;
}

/// The end of the process, should its postmaster die, comes in the middle of a call.
Session::~Session() {
  if (is_suspended()) stop_statement();
  close();
}

void Session::close() noexcept {
  if (handle_ == nullptr || is_abandoned()) return;  // a library that failed is left as it is
  dbclose(handle_);                                  // which sends nothing
  handle_ = nullptr;
}

void Session::log_in(int port) {
  const Configuration configuration(login_, port);
  const std::unique_ptr<LOGINREC, FreeLogin> record(dblogin());
  if (!record) throw std::bad_alloc();
  // The library cuts nothing: read_login() has checked the lengths.
  DBSETLUSER(record.get(), login_.username.c_str());
  DBSETLPWD(record.get(), login_.password.c_str());
  DBSETLDBNAME(record.get(), login_.database.c_str());
  DBSETLAPP(record.get(), login_.application_name.c_str());
  DBSETLCHARSET(record.get(), "UTF-8");
  DBSETLUTF16(record.get(), 1);
  DBSETLPACKET(record.get(), packet_bytes);
  DBSETLREADONLY(record.get(), login_.read_only ? 1 : 0);
  dbsetifile(const_cast<char*>(configuration.file().c_str()));
  bool connected = false;
  try {
    call([&] {
      handle_ = tdsdbopen(record.get(), login_.server.c_str(), 0);
      connected = handle_ != nullptr;
      if (connected) dbsetinterrupt(handle_, &ask_to_cancel, &cancel);
    });
  } catch (const core::Error& error) {
    if (error.number() == core::ErrorNumber::timed_out && !received_) throw core::UnreachableError(error);
    throw;
  }
  if (!connected) {
    const bool spoke = messages_.has_server_error() || messages_.has(SYBEICONVAVAIL);
    const Stage stage = !received_ ? Stage::network : spoke ? Stage::login : Stage::prelogin;
    core::Error error = connect_error(login_, port, stage, messages_);
    if (stage == Stage::network && !redirected_) throw core::UnreachableError(std::move(error));
    throw error;
  }
  socket_ = dbiordesc(handle_);
  logged_in_ = true;
}

void Session::call(const std::function<void()>& function, std::size_t max_bytes) {
  messages_.clear();
  run(function, max_bytes);
}

bool Session::serve() {
  if (wanted_host_.empty()) return SuspendingCalls::serve();
  const std::string host = std::exchange(wanted_host_, {});
  found_ = core::resolve_allowed("sqlserver", host, login_.port, *rules_, wait(), deadline());
  return true;
}

/// With an attention to the server. If it does not answer that, the call goes on without it.
void Session::stop_remote() noexcept {
  if (!logged_in_ || !usable()) return;
  interrupting_ = true;
  go_on_until(steady_clock::now() + stop_timeout);
}

void Session::throw_failure(CallFailure why) {
  switch (why) {
    case CallFailure::abandoned:
      throw library_error(assertion_);
    case CallFailure::too_much:
      throw_malformed("the server sent far more than it was asked for");
    default:
      throw connect_timeout_error(login_, logged_in_ ? "setting up the session" : "connecting and logging in");
  }
}

void Session::give_up() noexcept {
  busy_ = false;
  fail_waits(socket_);
}

void Session::stop_statement() noexcept {
  if (is_abandoned()) return;
  if (is_suspended()) return leave();
  if (!usable()) return;
  try {
    allow_bytes(max_answer_bytes);
    interrupting_ = false;
    if (!begin([this] { dbcancel(handle_); })) go_on_until(steady_clock::now() + stop_timeout);
    give_up();
    finish();
  } catch (...) {  // no memory for the call: the socket is closed in any case
    give_up();
  }
}

/// On the library's stack. Its timeouts are not heeded: deadlines are the caller's.
int Session::poll_for_library(pollfd* sockets, nfds_t count) noexcept {
  for (;;) {
    if (waits_fail()) {
      sockets[0].revents = POLLERR;
      return 1;
    }
    if (std::exchange(interrupting_, false)) {
      errno = EINTR;  // now the library asks ask_to_cancel()
      return -1;
    }
    if (ahead_begin_ < ahead_end_ && (sockets[0].events & POLLIN) != 0) {
      sockets[0].revents = POLLIN;
      return 1;
    }
    const int ready = poll(sockets, count, 0);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return ready;
    if (ready < 0) continue;
    socket_ = sockets[0].fd;
    unsigned events = core::wait_none;
    if ((sockets[0].events & POLLIN) != 0) events |= core::wait_readable;
    if ((sockets[0].events & POLLOUT) != 0) events |= core::wait_writable;
    wait_outside(socket_, events);
  }
}

ssize_t Session::receive_for_library(int socket, void* buffer, std::size_t size, int flags) noexcept {
  take_turn();
  if (waits_fail()) {
    errno = ECONNRESET;
    return -1;
  }
  if (ahead_begin_ == ahead_end_) {
    const ssize_t received = recv(socket, read_ahead_.data(), read_ahead_.size(), flags);
    if (received <= 0) return received;
    received_ = true;
    ahead_begin_ = 0;
    ahead_end_ = static_cast<std::size_t>(received);
    if (!count_received(ahead_end_)) {
      ahead_end_ = 0;
      give_up();
      errno = ECONNRESET;
      return -1;
    }
  }
  const std::size_t given = std::min(size, ahead_end_ - ahead_begin_);
  std::memcpy(buffer, read_ahead_.data() + ahead_begin_, given);
  ahead_begin_ += given;
  return static_cast<ssize_t>(given);
}

/// The name of the server is answered with the address that is being dialled. Any other is one that the server sends
/// the login on to.
int Session::resolve_for_library(const char* name, const addrinfo* hints, addrinfo** found) noexcept {
  ahead_begin_ = ahead_end_ = 0;  // of the connection before
  try {
    core::Address address = address_;
    if (name == nullptr || waits_fail()) return EAI_FAIL;
    if (name != login_.server || received_) {
      if (rules_ == nullptr) return EAI_FAIL;
      wanted_host_ = name;
      redirected_ = true;
      if (!be_served() || found_.empty()) return EAI_FAIL;
      address = found_.front();
    }
    addrinfo numeric{};
    if (hints != nullptr) numeric = *hints;
    numeric.ai_flags = AI_NUMERICHOST;
    numeric.ai_family = AF_UNSPEC;
    return getaddrinfo(address.text().c_str(), nullptr, &numeric, found);
  } catch (...) {
    return EAI_MEMORY;
  }
}

void Session::library_failed(const char* assertion) noexcept {
  try {
    assertion_ = assertion;
  } catch (...) {
    assertion_ = "?";
  }
  // Nobody touches the library's handle any more: what it holds is the price. The socket is closed with the process.
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
  busy_ = false;
  abandon();
}

void Session::take_message(Message message) noexcept {
  try {
    messages_.add(std::move(message));
  } catch (...) {  // out of memory: the failure itself is reported in any case
  }
}

bool Session::connected() const noexcept {
  return usable() && handle_ != nullptr && !dbdead(handle_);
}

bool Session::send(const std::string& sql) {
  dbfreebuf(handle_);
  busy_ = true;
  return dbcmd(handle_, sql.c_str()) == SUCCEED && dbsqlsend(handle_) == SUCCEED && dbsqlok(handle_) == SUCCEED;
}

/// Inside of call(). False at the end of the results, or if the server reported an error.
bool Session::go_to_columns() {
  for (;;) {
    const RETCODE result = dbresults(handle_);
    if (result == SUCCEED && dbnumcols(handle_) > 0) return true;
    if (result == NO_MORE_RESULTS || dbdead(handle_)) break;
    if (result == FAIL) {
      // A statement of the batch failed; others may follow, but the batch is of no more use.
      dbcancel(handle_);
      break;
    }
  }
  busy_ = false;
  return false;
}

TextResult Session::read_text(std::size_t max_rows) {
  TextResult result;
  const int columns = dbnumcols(handle_);
  for (int i = 1; i <= columns; ++i) {
    const char* name = dbcolname(handle_, i);
    result.names.emplace_back(name == nullptr ? "" : name);
  }
  while (dbnextrow(handle_) == REG_ROW) {
    if (result.rows.size() == max_rows) {
      give_up();
      throw_malformed("the server sent more rows than it was asked for");
    }
    TextRow& row = result.rows.emplace_back();
    for (int i = 1; i <= columns; ++i) {
      const BYTE* value = dbdata(handle_, i);
      const auto size = static_cast<std::size_t>(dbdatlen(handle_, i));
      if (value == nullptr) {
        row.emplace_back();
        continue;
      }
      const auto number = [&]<typename Number>(Number of_size) {
        std::memcpy(&of_size, value, sizeof of_size);
        row.emplace_back(std::to_string(of_size));
      };
      switch (dbcoltype(handle_, i)) {
        case SYBINT1:
        case SYBBIT:
          number(DBTINYINT{});
          break;
        case SYBINT2:
          number(DBSMALLINT{});
          break;
        case SYBINT4:
          number(DBINT{});
          break;
        case SYBINT8:
          number(DBBIGINT{});
          break;
        default:
          row.emplace_back(std::string(reinterpret_cast<const char*>(value), size));
      }
    }
  }
  return result;
}

std::vector<TextResult> Session::query(const std::string& sql, const Task& task, std::size_t max_rows) {
  std::vector<TextResult> results;
  call([&] {
    if (!send(sql)) busy_ = false;
    if (messages_.has_server_error() || dbdead(handle_)) dbcancel(handle_);
    while (busy_ && go_to_columns()) results.push_back(read_text(max_rows));
    busy_ = false;
  });
  if (messages_.error() != nullptr || dbdead(handle_)) throw statement_error(task.phase, task.summary, messages_);
  if (take_invalid_text()) throw_malformed("a name in the catalog is no valid text");
  return results;
}

void Session::begin_transaction(bool one_state, const Task& task) {
  if (is_holding_) return;
  end_transaction(task);
  const bool wants_snapshot = one_state && snapshots_allowed_;
  if (wants_snapshot != takes_snapshots_) {
    try {
      query(std::string("SET TRANSACTION ISOLATION LEVEL ") + (wants_snapshot ? "SNAPSHOT" : "READ COMMITTED"), task);
      takes_snapshots_ = wants_snapshot;
    } catch (const core::Error&) {
      // Babelfish says that it allows snapshots and has a setting that forbids them.
      if (!usable() || !wants_snapshot) throw;
      snapshots_allowed_ = false;
    }
  }
  query("BEGIN TRANSACTION", task);
  in_transaction_ = true;
}

void Session::end_transaction(const Task& task) {
  if (std::exchange(in_transaction_, false)) query("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION", task);
}

void Session::release(const Task& task) {
  if (!is_holding_) end_transaction(task);
}

void Session::hold_state(const Task& task) {
  begin_transaction(true, task);
  if (!takes_snapshots_) {
    throw core::Error(core::ErrorNumber::cannot_read, "the database does not allow snapshots",
                      "Provider sqlserver, phase execute.",
                      "ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON allows them.");
  }
  is_holding_ = true;
}

void Session::end_state(const Task& task) {
  if (!has_joined_ && std::exchange(is_holding_, false)) end_transaction(task);
}

void Session::join_state(const std::string& first, const Task& task) {
  has_joined_ = false;
  end_state(task);
  hold_state(task);
  try {
    query(first, task);
  } catch (const core::Error&) {
    if (connected()) end_state(task);
    throw;
  }
  has_joined_ = true;
}

bool Session::start(const std::string& sql, const Task& task) {
  bool found = false;
  call([&] {
    if (send(sql)) {
      found = go_to_columns();
    } else {
      dbcancel(handle_);
      busy_ = false;
    }
  });
  // A batch goes on behind most errors.
  if (messages_.has_server_error() || (!found && (messages_.error() != nullptr || dbdead(handle_)))) {
    throw statement_error(task.phase, task.summary, messages_);
  }
  return found;
}

bool Session::next_result(const Task& task) {
  bool found = false;
  call([&] { found = go_to_columns(); });
  if (messages_.error() != nullptr || dbdead(handle_)) throw statement_error(task.phase, task.summary, messages_);
  return found;
}

}  // namespace connector::sqlserver
