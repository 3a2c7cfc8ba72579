// One session of a HiveServer2, and the operation that runs in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/net/address_rules.hpp"
#include "core/net/wait.hpp"
#include "drivers/hive/errors.hpp"
#include "drivers/hive/link.hpp"
#include "drivers/hive/login.hpp"
#include "drivers/hive/result_rows.hpp"

namespace connector::hive {

class Session {
 public:
  /// Dials one address, logs in and opens a session. Throws Error, or core::UnreachableError where another address of
  /// the server may do better. `wait` outlives the session.
  Session(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline);
  /// Ends operation and session on the server, within a second. Never throws.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs a statement until its rows are ready. An interrupt, or a failure of the connection, stops the statement and
  /// costs the session, here and in all calls below.
  void execute(const std::string& sql, const Task& task);
  /// Begins to read tables or columns of the catalog; names are patterns of LIKE, escaped by a backslash. Empty = any.
  void get_tables(const std::string& schema, const std::string& table, const Task& task);
  void get_columns(const std::string& schema, const std::string& table, const Task& task);

  /// The columns of the running operation's result.
  rpc::TableSchema result_schema(const Task& task);
  bool has_operation() const noexcept { return operation_.has_value(); }
  /// False if the statement has no rows at all.
  bool has_result() const noexcept { return operation_ && operation_->hasResultSet; }

  /// Asks for so many rows more (at least 1) of a result with so many columns, without waiting for them.
  void ask_for_rows(std::int64_t max_rows, std::size_t columns, const Task& task);
  bool is_asked() const noexcept { return asked_rows_ > 0; }
  /// Waits for the rows that were asked for; none = there are no more.
  void read_rows(ResultRows& rows, const Task& task);

  /// Ends the operation, if there is one.
  void close_operation(const Task& task);
  /// The number of the operation that began last.
  std::uint64_t operation_number() const noexcept { return operation_number_; }
  /// Ends the operation of that number, unless it has ended, though not all of its rows were read; within a second.
  /// Gives the session up if the server does not answer in time. Never throws.
  void leave_operation(std::uint64_t number) noexcept;

  bool usable() const noexcept { return usable_; }
  /// Of the connection, while no call uses it; -1 over HTTP, where a new connection takes the place of one that ended.
  int idle_socket() const noexcept { return link_->transport().idle_socket(); }
  /// Stops what the server does for this session, within a second, and gives the session up. Never throws.
  void stop() noexcept;
  void set_deadline(core::Deadline deadline) noexcept { link_->set_deadline(deadline); }
  const Login& login() const noexcept { return login_; }

 private:
  template <typename Call>
  void guarded(const Task& task, Call&& call);
  void begin(const Task& task);
  void open_session();
  void begin_operation(rpc::OperationResp& answer, const Task& task);
  void receive_rows(ResultRows& rows, rpc::Status& status);
  void wait_until_finished(const Task& task);
  void pause(std::chrono::milliseconds& length);
  void close_remotely(Link& link, bool cancel);
  void give_up(core::Deadline deadline) noexcept;

  const Login login_;
  const core::Address address_;
  std::unique_ptr<Link> link_;
  rpc::SessionHandle handle_;
  std::optional<rpc::OperationHandle> operation_;
  std::uint64_t operation_number_ = 0;
  std::int64_t asked_rows_ = 0;    ///< of a request under way
  std::size_t asked_columns_ = 0;  ///< that its answer has
  bool in_call_ = false;           ///< the server owes an answer
  bool usable_ = false;
};

}  // namespace connector::hive
