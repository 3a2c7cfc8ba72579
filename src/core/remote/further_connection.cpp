#include "core/remote/further_connection.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace connector::core {

std::vector<std::exception_ptr> run_together(std::span<FurtherConnection* const> connections,
                                             const std::function<void(FurtherConnection&)>& function, Wait& wait) {
  std::vector<AsyncCall*> calls;
  for (FurtherConnection* connection : connections) calls.push_back(&connection->call);
  try {
    for (FurtherConnection* connection : connections) {
      connection->call.begin([&function, connection] { function(*connection); });
    }
    while (!std::ranges::all_of(calls, &AsyncCall::has_ended)) go_on_with_some(calls, wait);
  } catch (...) {
    AsyncCall::leave_together(calls, [&](std::size_t i) { connections[i]->close(); });
    throw;
  }
  std::vector<std::exception_ptr> thrown;
  for (AsyncCall* call : calls) {
    try {
      call->result();
      thrown.emplace_back();
    } catch (...) {
      thrown.push_back(std::current_exception());
    }
  }
  return thrown;
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
