#include "drivers/mysql/session.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <mysql.h>

#include "core/net/dial.hpp"
#include "core/base/hidden_environment.hpp"
#include "core/base/utf8.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/library.hpp"
#include "drivers/mysql/tls.hpp"

// Exported by the library for its own plugins, and declared in none of its installed headers.
extern "C" int ma_pvio_register_callback(my_bool register_callback,
                                         void (*callback)(int mode, MYSQL* mysql, const unsigned char* buffer,
                                                          unsigned long length));

namespace connector::mysql {

namespace {

/// A value may have 1 GB; a row has at least one byte more. The default is 1 GB for the whole row.
constexpr std::size_t max_packet_bytes = (std::size_t{1} << 30) + (std::size_t{1} << 26);

/// Authentication plugins a server may ask for. The library would also load "dialog", which asks at the terminal, or
/// a Kerberos plugin, which lends out the database server's own ticket.
constexpr const char* plugins_anywhere =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec";
/// The password itself goes only to a server whose certificate was verified.
constexpr const char* plugins_verified =
    "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec,mysql_clear_password";

/// Bounds what a destructor may take. With the rest of the way out a cancel stays below a second.
constexpr std::chrono::milliseconds stop_timeout{750};

/// The receive buffer is left to the kernel, which grows it as needed: an explicit SO_RCVBUF of 0.2 to 4 MB made no
/// difference in a measurement, and would end that growth.
/// A dead peer is noticed after about two minutes; the server's own timeouts are far longer (see connect.cpp).
void set_keepalive(int socket) {
  const int idle = 60, interval = 10, count = 6;
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

}  // namespace

Session* Session::running = nullptr;

Session::Session(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline)
    : SuspendingCalls(wait, deadline), login_(login), address_(address) {
  initialize_library();
  // Taking a callback off the library's list leaves it at the head (ma_pvio.c): so it goes on once, for good.
  static const int registered = ma_pvio_register_callback(1, &Session::on_transfer);
  static_cast<void>(registered);
  handle_ = mysql_init(nullptr);
  if (handle_ == nullptr) throw std::bad_alloc();
  try {
    set_options();
    log_in();
  } catch (...) {
    mysql_close(handle_);
    throw;
  }
}

/// The end of the process, should its postmaster die, comes in the middle of a call.
Session::~Session() {
  if (is_suspended() && logged_in_) stop_statement();
  mysql_close(handle_);
}

void Session::set_options() {
  mysql_optionsv(handle_, MARIADB_OPT_IO_WAIT, &Session::on_wait);
  // No timeouts of the library's own: they would put SO_RCVTIMEO on the socket.
  const unsigned no_timeout = 0;
  mysql_optionsv(handle_, MYSQL_OPT_CONNECT_TIMEOUT, &no_timeout);
  const unsigned tcp = MYSQL_PROTOCOL_TCP;
  mysql_optionsv(handle_, MYSQL_OPT_PROTOCOL, &tcp);
  // Read as an unsigned int. Without it a server could ask for files of this machine.
  const unsigned no_local_files = 0;
  mysql_optionsv(handle_, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  const my_bool off = 0;
  mysql_optionsv(handle_, MYSQL_OPT_RECONNECT, &off);
  mysql_optionsv(handle_, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet_bytes);
  mysql_optionsv(handle_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(handle_, MARIADB_OPT_RESTRICTED_AUTH,
                 login_.tls_mode >= TlsMode::verify_ca ? plugins_verified : plugins_anywhere);
  if (!login_.application_name.empty()) {
    mysql_optionsv(handle_, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", login_.application_name.c_str());
  }
  if (login_.compression) mysql_optionsv(handle_, MYSQL_OPT_COMPRESS, nullptr);
  set_tls_options(handle_, login_);
}

void Session::log_in() {
  const std::string address = address_.text();
  const char* database = login_.database.empty() ? nullptr : login_.database.c_str();
  bool connected = false;
  try {
    // Plugins are looked for while logging in, wherever the environment says.
    const core::HiddenEnvironment environment(environment_variables());
    call([&] {
      // Null for the password would make the library read it from the environment.
      connected = mysql_real_connect(handle_, address.c_str(), login_.username.c_str(), login_.password.c_str(),
                                     database, static_cast<unsigned>(login_.port), nullptr, 0) != nullptr;
    });
  } catch (const core::Error& error) {
    if (error.number() == core::ErrorNumber::timed_out && !answered_) throw core::UnreachableError(error);
    throw;
  }
  if (!connected) {
    NativeError error = native_error(handle_);
    if (connect_errno_ != 0) error.message = std::strerror(connect_errno_);
    core::Error wording = connect_error(login_, error);
    if (!answered_ && is_unreachable(error)) throw core::UnreachableError(std::move(wording));
    throw wording;
  }
  if (login_.requires_tls() && mysql_get_ssl_cipher(handle_) == nullptr) {
    throw connect_error(login_, {0, {}, "the connection is not encrypted"}).with_parameter("connection.sslmode");
  }
  set_keepalive(static_cast<int>(mysql_get_socket(handle_)));
  version_.is_mariadb = mariadb_connection(handle_) != 0;
  version_.number = mysql_get_server_version(handle_);
  logged_in_ = true;
}

void Session::stop_remote() noexcept {
  if (logged_in_) stop_statement();
}

void Session::throw_failure(CallFailure why) {
  if (why == CallFailure::too_much) throw_malformed("the server sent far more than it was asked for");
  throw connect_timeout_error(login_, logged_in_ ? "setting up the session" : "connecting and logging in");
}

/// The library calls it behind every read and write of every connection of the process.
void Session::on_transfer(int mode, MYSQL* handle, const unsigned char*, unsigned long length) {
  constexpr int write_mode = 1;
  Session* self = running;
  if (self == nullptr || self->handle_ != handle || static_cast<long>(length) <= 0) return;
  if (mode != write_mode) return self->received(length);
  if (std::exchange(self->answered_, true)) return;
  prepare_handshake(handle, self->login_);
}

/// Of at most 16 kB, PVIO_READ_AHEAD_CACHE_SIZE, but for large values.
void Session::received(std::size_t bytes) {
  if (waits_fail()) return;
  if (!count_received(bytes)) return give_up();
  take_turn();
}

/// The library's hook: 1 = ready, -1 = failed. False readiness is harmless, the library tries again and comes back.
int Session::on_wait(int socket, char is_read, int) {
  Session* self = running;
  if (self != nullptr) {
    const bool reads = is_read != 0 && !tls_wants_to_write(self->handle_);
    const bool waited = self->wait_outside(socket, reads ? core::wait_readable : core::wait_writable);
    if (waited && self->is_connected(socket)) return 1;
  }
  errno = ETIMEDOUT;
  return -1;
}

/// What came of the wait for the TCP connection. The library would find the error, too, but report another.
bool Session::is_connected(int socket) {
  if (handle_->net.pvio != nullptr) return true;
  socklen_t size = sizeof connect_errno_;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &connect_errno_, &size) == 0 && connect_errno_ == 0;
}

void Session::execute(const std::string& sql, core::Phase phase) {
  query(sql, phase, 0);
}

std::vector<TextRow> Session::query(const std::string& sql, core::Phase phase, std::size_t max_rows,
                                    std::string_view summary) {
  std::vector<TextRow> rows;
  call([&] {
    MYSQL_RES* result = mysql_real_query(handle_, sql.data(), sql.size()) == 0 ? mysql_use_result(handle_) : nullptr;
    bool too_many = false;
    if (result != nullptr) {
      while (MYSQL_ROW row = mysql_fetch_row(result)) {
        too_many = rows.size() == max_rows;
        if (too_many) break;
        const unsigned long* lengths = mysql_fetch_lengths(result);
        TextRow& values = rows.emplace_back(mysql_num_fields(result));
        for (std::size_t i = 0; i < values.size(); ++i) {
          if (row[i] != nullptr) values[i].emplace(row[i], lengths[i]);
        }
      }
    }
    const NativeError error = native_error(handle_);
    if (too_many) give_up();  // or the rest would be read
    mysql_free_result(result);
    if (error.code != 0) throw statement_error(phase, summary, error);
    if (too_many) throw_malformed("the server sent more rows than it was asked for");
  });
  return rows;
}

void Session::convert_results(bool convert) {
  if (limiting_) {
    execute("SET sql_select_limit = 18446744073709551615", core::Phase::describe);
    limiting_ = false;
  }
  if (convert == converting_) return;
  const char* charset = version_.at_least(50503, 50503) ? "utf8mb4" : "utf8";
  execute(std::string("SET character_set_results = ") + (convert ? charset : "NULL"), core::Phase::describe);
  converting_ = convert;
}

void Session::limit_rows(std::int64_t rows) {
  limiting_ = true;
  execute("SET sql_select_limit = " + std::to_string(rows), core::Phase::execute);
}

void Session::hold_state() {
  if (joined_) return check_state();  // it has one, and to begin another would end it
  execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", core::Phase::execute);
  holding_ = true;
}

void Session::end_state() {
  if (std::exchange(holding_, false)) execute("ROLLBACK", core::Phase::describe);
}

void Session::join_state() {
  joined_ = false;
  execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", core::Phase::describe);
  joined_ = true;
  holding_ = false;
}

void Session::check_state() const {
  if (!joined_ || (handle_->server_status & SERVER_STATUS_IN_TRANS) != 0) return;
  throw core::remote_error({.provider = "mysql",
                            .phase = core::Phase::execute,
                            .number = core::ErrorNumber::cannot_read,
                            .summary = "could not read on",
                            .remote_message = "the server has ended the transaction that several connections read in",
                            .hint = "Try again."});
}

void Session::identify() {
  const auto rows = query(std::string("SELECT CONNECTION_ID(), ") + server_identity_sql, core::Phase::connect, 1);
  if (rows.size() != 1 || rows[0].size() != 2) throw_malformed("the server does not tell the connection's number");
  connection_id_ = rows[0][0].value_or("");
  server_identity_ = rows[0][1].value_or("");
}

void Session::stop_statement() noexcept {
  if (!usable()) return;
  if (!connection_id_.empty()) {
    try {
      core::PollWait wait;
      Session other(login_, address_, wait, std::chrono::steady_clock::now() + stop_timeout);
      other.identify();
      // Behind a load balancer the second connection may have led to another server, where the number is somebody
      // else's.
      if (other.server_identity_ == server_identity_) other.execute("KILL QUERY " + connection_id_, core::Phase::fetch);
    } catch (...) {  // the socket is closed in any case
    }
  }
  give_up();
}

bool Session::usable() const noexcept {
  return SuspendingCalls::usable() && (!logged_in_ || handle_->net.pvio != nullptr);
}

int Session::idle_socket() const noexcept {
  return handle_->net.pvio == nullptr ? -1 : static_cast<int>(mysql_get_socket(handle_));
}

/// KILL QUERY does not reach a server that sits in its write; see fail_waits().
void Session::give_up() noexcept {
  fail_waits(idle_socket());
}

}  // namespace connector::mysql
