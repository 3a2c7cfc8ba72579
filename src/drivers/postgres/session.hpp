// One connection to a server: libpq's handle, and statements that wait through core::Wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/net/wait.hpp"
#include "drivers/postgres/errors.hpp"
#include "drivers/postgres/login.hpp"

struct pg_conn;
struct pg_result;

namespace connector::postgres {

struct ClearResult {
  void operator()(pg_result* result) const noexcept;
};
using Result = std::unique_ptr<pg_result, ClearResult>;

/// A piece of COPY data, in the library's memory.
class CopyData {
 public:
  CopyData() = default;
  CopyData(char* bytes, std::size_t size) : bytes_(bytes), size_(size) {}
  std::span<const unsigned char> bytes() const noexcept {
    return {reinterpret_cast<const unsigned char*>(bytes_.get()), size_};
  }
  explicit operator bool() const noexcept { return bytes_ != nullptr; }

 private:
  struct Free {
    void operator()(char* bytes) const noexcept;
  };
  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0;
};

using TextRow = std::vector<std::optional<std::string>>;

inline constexpr const char* default_schema = "public";

/// What is being done, for messages.
struct Task {
  core::Phase phase;
  std::string_view summary;
};

/// A transaction that lasts from statement to statement, so that all of them see the moment at which it began.
struct HeldSnapshot {
  int money_digits = 2;  ///< as TransactionFacts has them
  /// Differs from all before, and changes when locks on tables may have gone: what was looked at before may be
  /// different now. Never 0.
  std::uint64_t locks = 0;
};

class Session {
 public:
  /// Dials one address and logs in. Throws Error, or core::UnreachableError where another address of the server may do
  /// better. `deadline` bounds this and all further calls, until it is changed. `wait` outlives the session.
  Session(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline);
  /// Waits only if a statement was cut off, as stop_statement() does.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs statements in one message, and gives the rows of those that have any. An interrupt, or the deadline, stops
  /// the statement and costs the session, here and in all calls below; for a snapshot's see leave_statement().
  std::vector<std::vector<TextRow>> run(const std::string& sql, const Task& task);

  /// Begins statements whose rows are read one by one: by next_result() until it gives nothing, and by
  /// next_copy_data() in between, where a result announces COPY data.
  void send(const std::string& sql, const Task& task);
  /// The same for one statement, whose rows come as a result each.
  void send_single_row_query(const std::string& sql, const Task& task);
  /// The next result, or null behind the last one. Throws what the server reports.
  Result next_result(const Task& task);
  /// Reads the results that are left.
  void finish(const Task& task);
  /// The next piece, or nothing behind the last one; next_result() then tells how the copying ended.
  CopyData next_copy_data(const Task& task);

  /// Describes the result of a statement without running it.
  Result describe(const std::string& sql, const Task& task);

  /// As 90603 or 150002.
  int version() const noexcept;
  /// PostgreSQL's name of the encoding of the database.
  const std::string& server_encoding() const noexcept { return server_encoding_; }
  bool in_transaction() const noexcept;
  /// Differs for each transaction that begin_transaction() has begun, or failed to; 0 = none is open.
  std::uint64_t transaction() const noexcept { return in_transaction() ? transaction_ : 0; }
  void begins_transaction() noexcept { ++transaction_; }

  /// The snapshot that the transaction is kept for; nothing = none is.
  const std::optional<HeldSnapshot>& snapshot() const noexcept { return snapshot_; }
  void hold_snapshot(int money_digits) { snapshot_ = {money_digits, ++locks_}; }
  /// In a snapshot's transaction, behind SAVEPOINT (savepoint.hpp): ends what the server does, or has failed to do,
  /// since then, within a second, and keeps the transaction. Gives the connection up where that can't be done. Where
  /// there is no snapshot it is as stop_statement(), if there is a statement. Never throws. `is_released`: a message
  /// that has come to its end without failing has released its savepoint.
  void leave_statement(bool is_released) noexcept;
  /// Commits the snapshot's transaction within a second, else gives the connection up. Never throws.
  void end_snapshot() noexcept;
  const Login& login() const noexcept { return login_; }
  /// True while rows or other results are to come.
  bool busy() const noexcept { return busy_; }
  /// False once the connection was given up.
  bool usable() const noexcept { return usable_; }
  /// Of the connection; -1 = none.
  int idle_socket() const noexcept;
  void set_deadline(core::Deadline deadline) noexcept { deadline_ = deadline; }

  /// When the server process began, as it tells: with its number it is what stop_statement() needs to stop this
  /// session's statement and no other.
  void set_backend_start(std::string text) { backend_start_ = std::move(text); }
  /// Stops what the server does for this session, within a second; then gives the connection up. Never throws.
  void stop_statement() noexcept;

 private:
  void log_in();
  void begin_statement();
  void flush(const Task& task);
  void wait(unsigned events);
  bool ready(unsigned events);
  void delivered(std::size_t bytes) noexcept;
  bool skip_results(core::Deadline until) noexcept;
  bool run_quietly(const char* sql, core::Deadline until) noexcept;
  bool has_decrypted_input() const noexcept;
  bool has_failed() const noexcept;
  void cancel(core::Deadline until);
  void give_up() noexcept;
  [[noreturn]] void throw_lost(const Task& task);

  const Login login_;
  const core::Address address_;
  core::Wait& wait_;
  core::Deadline deadline_;
  pg_conn* handle_ = nullptr;
  std::string server_encoding_;
  std::string backend_start_;
  std::uint64_t allowance_ = 0;  ///< of bytes received; more is no honest server's
  bool busy_ = false;            ///< the server owes results
  bool copying_ = false;         ///< and COPY data before the next of them
  std::optional<HeldSnapshot> snapshot_;
  std::uint64_t locks_ = 0;  ///< the number of the last HeldSnapshot::locks
  std::uint64_t transaction_ = 0;
  bool usable_ = true;
};

}  // namespace connector::postgres
