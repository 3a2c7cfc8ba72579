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

/// What is being done, for messages.
struct Task {
  core::Phase phase;
  std::string_view summary;
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
  /// the statement and costs the session, here and in all calls below.
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
  const Login& login() const noexcept { return login_; }
  /// True while rows or other results are to come.
  bool busy() const noexcept { return busy_; }
  /// False once the connection was given up.
  bool usable() const noexcept { return usable_; }
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
  void skip_results();
  bool has_decrypted_input() const;
  void cancel();
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
  bool usable_ = true;
};

}  // namespace connector::postgres
