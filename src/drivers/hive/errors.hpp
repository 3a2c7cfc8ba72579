// Failures of the connection, and what the server reports, as errors that say what to do.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "drivers/hive/failure.hpp"
#include "drivers/hive/login.hpp"

namespace connector::hive {

namespace rpc {
class Status;
class GetOperationStatusResp;
}  // namespace rpc

/// What is being done, for messages.
struct Task {
  core::Phase phase;
  std::string_view summary;
};

/// Statuses of answers and states of operations: Hive's service-rpc/if/TCLIService.thrift.
enum StatusCode { success_status = 0, success_with_info_status = 1, still_executing_status = 2 };
enum OperationState {
  initialized_state = 0,
  running_state = 1,
  finished_state = 2,
  canceled_state = 3,
  closed_state = 4,
  error_state = 5,
  pending_state = 7,
  timedout_state = 8,
};

bool is_success(const rpc::Status& status) noexcept;

/// A failure to connect or log in.
core::Error connect_error(const Login& login, const Failure& failure);
/// The server refused the session.
core::Error session_error(const Login& login, const rpc::Status& status);
/// A failure of the connection in the middle of something.
core::Error lost_error(const Task& task, const Failure& failure);
/// The server refused a call.
core::Error statement_error(const Task& task, const rpc::Status& status);
/// An operation that came to another end than it should.
core::Error operation_error(const Task& task, const rpc::GetOperationStatusResp& answer);

/// The server breaks the protocol.
[[noreturn]] void throw_malformed(std::string_view what, const Task& task);

}  // namespace connector::hive
