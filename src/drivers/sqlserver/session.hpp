// One connection to a server: db-lib's handle, and calls that wait through core::Wait.
//
// The library waits inside its calls. Where it would wait, we are called instead (freetds/redirected_calls.hpp),
// and suspend the call (core::SuspendingCalls). So an interrupt and a deadline count in every phase, the TCP connection
// and the TLS handshake included.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/net/suspending_calls.hpp"
#include "core/net/wait.hpp"
#include "drivers/sqlserver/errors.hpp"
#include "drivers/sqlserver/freetds/redirected_calls.hpp"
#include "drivers/sqlserver/login.hpp"
#include "drivers/sqlserver/freetds/messages.hpp"

struct tds_dblib_dbprocess;

namespace connector::sqlserver {

/// A row of a small answer: texts by column.
using TextRow = std::vector<std::optional<std::string>>;

/// A small answer: names of columns, and rows.
struct TextResult {
  std::vector<std::string> names;
  std::vector<TextRow> rows;
};

inline constexpr const char* default_schema = "dbo";

inline constexpr std::string_view why_no_snapshots =
    "the database does not allow snapshots: ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON does that";

/// What is being done, for messages.
struct Task {
  core::Phase phase;
  std::string_view summary;
};

class Session final : public core::SuspendingCalls, private LibraryHost {
 public:
  /// Dials one address and logs in. Throws Error, or core::UnreachableError where another address of the server may do
  /// better. `deadline` bounds this and all further calls, until it is changed. `wait` outlives the session; `rules`
  /// hold for the address that the server may redirect the login to.
  Session(const Login& login, int port, const core::Address& address, const core::AddressRules& rules, core::Wait& wait,
          core::Deadline deadline);
  /// Waits only if a call was cut off, as stop_statement() does.
  ~Session() override;

  /// Runs `function` where the library may wait: SuspendingCalls::run(). Clears messages().
  void call(const std::function<void()>& function, std::size_t max_bytes = max_answer_bytes);

  /// Inside of call(): from here on it may receive that many bytes.
  void allow(std::size_t bytes) noexcept { allow_bytes(bytes); }

  /// Runs a batch and gives its results that have columns, as text: the statements cast their columns to nvarchar, or
  /// have integers. More than `max_rows` rows in all are an Error. Throws what the server reports.
  std::vector<TextResult> query(const std::string& sql, const Task& task, std::size_t max_rows = 100);

  /// Begins a transaction that is never committed, so that nothing that a query writes stays; ends the one before.
  /// `one_state`: what is read shows one state of the database, without locks, if that is allowed there. Does nothing
  /// while a state is held.
  void begin_transaction(bool one_state, const Task& task);
  /// Begins such a transaction of one state, which all that is read is read in, until end_state(). Where the database
  /// does not allow that it is an Error.
  void hold_state(const Task& task);
  void end_state(const Task& task);
  /// The same as hold_state(), of the moment at which `first`, a statement, reads; lasts until this is called again.
  void join_state(const std::string& first, const Task& task);
  /// Everything was described or read. Ends the transaction, if there is one and no state is held: neither locks nor
  /// old rows are kept there while the rows are worked on here, or while nobody uses the session.
  void release(const Task& task);
  void allow_snapshots(bool allowed) noexcept { snapshots_allowed_ = allowed; }
  bool allows_snapshots() const noexcept { return snapshots_allowed_; }

  /// Babelfish for PostgreSQL: its sp_describe_first_result_set must never be called. It tells wrong types and names,
  /// finds no result where there is one, needs rights to create views, and ends the whole server for some batches.
  bool is_babelfish() const noexcept { return is_babelfish_; }
  void set_babelfish(bool is_babelfish) noexcept { is_babelfish_ = is_babelfish; }

  /// Starts a batch whose rows are read with db-lib, and goes to its first result with columns. False: it has none.
  bool start(const std::string& sql, const Task& task);
  /// Goes to the next result with columns.
  bool next_result(const Task& task);

  tds_dblib_dbprocess* handle() noexcept { return handle_; }
  const Messages& messages() const noexcept { return messages_; }
  /// Whether a text that came since the last call of this has an invalid_character (freetds/text_conversion.hpp).
  bool take_invalid_text() noexcept { return std::exchange(has_invalid_text_, false); }
  /// True while rows or other results are to come.
  bool busy() const noexcept { return busy_; }
  /// False also if the server has ended it.
  bool connected() const noexcept;

  /// Stops what the server does for this session, within a second; then gives the connection up. Never throws.
  void stop_statement() noexcept;

  /// Of the connection, while no call uses it; -1 = none.
  int idle_socket() const noexcept { return socket_; }

 private:
  void end_transaction(const Task& task);
  int poll_for_library(pollfd* sockets, nfds_t count) noexcept override;
  ssize_t receive_for_library(int socket, void* buffer, std::size_t size, int flags) noexcept override;
  int resolve_for_library(const char* name, const addrinfo* hints, addrinfo** found) noexcept override;
  void take_message(Message message) noexcept override;
  void met_invalid_text() noexcept override { has_invalid_text_ = true; }
  [[noreturn]] void library_failed(const char* assertion) noexcept override;

  void library_begins() noexcept override { running = this; }
  void library_ends() noexcept override { running = nullptr; }
  bool serve() override;
  void stop_remote() noexcept override;
  void give_up() noexcept override;
  [[noreturn]] void throw_failure(CallFailure why) override;

  void log_in(int port);
  bool send(const std::string& sql);
  bool go_to_columns();
  TextResult read_text(std::size_t max_rows);
  void close() noexcept;

  const Login login_;
  const core::Address address_;
  const core::AddressRules* rules_;
  tds_dblib_dbprocess* handle_ = nullptr;
  Messages messages_;

  int socket_ = -1;  ///< of the connection now; a redirected login has had another before

  // A name that the suspended call wants to be resolved, and the answer.
  std::string wanted_host_;
  std::vector<core::Address> found_;

  // Read from the socket, and not yet asked for by the library, which asks for each packet in pieces.
  std::vector<char> read_ahead_;
  std::size_t ahead_begin_ = 0;
  std::size_t ahead_end_ = 0;

  bool redirected_ = false;  ///< the login was sent on to another server, where the address was checked as well
  bool received_ = false;    ///< anything at all
  bool has_invalid_text_ = false;
  bool interrupting_ = false;
  bool logged_in_ = false;
  bool busy_ = false;
  bool is_babelfish_ = false;
  bool snapshots_allowed_ = false;
  bool takes_snapshots_ = false;  ///< the isolation level now
  bool in_transaction_ = false;
  bool is_holding_ = false;
  bool has_joined_ = false;
  std::string assertion_;  ///< of a library that failed: the calls are abandoned
};

}  // namespace connector::sqlserver
