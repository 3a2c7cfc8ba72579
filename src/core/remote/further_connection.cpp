#include "core/remote/further_connection.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace connector::core {

CallsTogether::CallsTogether(std::span<FurtherConnection* const> connections,
                             const std::function<void(FurtherConnection&)>& function)
    : connections_(connections) {
  for (FurtherConnection* connection : connections) calls_.push_back(&connection->call);
  for (FurtherConnection* connection : connections) {
    connection->call.begin([&function, connection] { function(*connection); });
  }
}

bool CallsTogether::wait(Wait& wait, Deadline deadline) {
  while (!std::ranges::all_of(calls_, &AsyncCall::has_ended)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    go_on_with_some(calls_, wait, deadline);
  }
  return true;
}

void CallsTogether::leave() noexcept {
  std::vector<AsyncCall*> calls;
  std::vector<FurtherConnection*> left;
  for (FurtherConnection* connection : connections_) {
    if (connection->call.has_ended()) continue;
    calls.push_back(&connection->call);
    left.push_back(connection);
  }
  AsyncCall::leave_together(calls, [&](std::size_t i) { left[i]->close(); });
}

std::vector<std::exception_ptr> CallsTogether::thrown() {
  std::vector<std::exception_ptr> thrown;
  for (AsyncCall* call : calls_) {
    thrown.emplace_back();
    if (!call->has_ended()) continue;
    try {
      call->result();
    } catch (...) {
      thrown.back() = std::current_exception();
    }
  }
  return thrown;
}

std::vector<std::exception_ptr> run_together(std::span<FurtherConnection* const> connections,
                                             const std::function<void(FurtherConnection&)>& function, Wait& wait) {
  CallsTogether calls(connections, function);
  calls.wait(wait);
  return calls.thrown();
}

void close_together(FurtherConnections& connections) noexcept {
  std::vector<AsyncCall*> calls;
  for (const auto& connection : connections) calls.push_back(&connection->call);
  AsyncCall::leave_together(calls, [&](std::size_t i) { connections[i]->close(); });
  connections.clear();
}

std::vector<FurtherConnection*> each_of(const FurtherConnections& connections) {
  std::vector<FurtherConnection*> each;
  for (const auto& connection : connections) each.push_back(connection.get());
  return each;
}

std::string first_error(std::span<const std::exception_ptr> thrown) {
  for (const std::exception_ptr& one : thrown) {
    try {
      if (one) std::rethrow_exception(one);
    } catch (const Error& error) {
      return error.message();
    }
  }
  return {};
}

}  // namespace connector::core
