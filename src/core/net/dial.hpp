// Dialling a server that has several addresses.
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/net/wait.hpp"

namespace connector::core {

/// The failure to reach one address: another address of the same server may do better.
class UnreachableError : public Error {
 public:
  explicit UnreachableError(Error error) : Error(std::move(error)) {}
};

/// Calls `dial(address, deadline)` for one address after the other until one returns, and returns that. An address that
/// throws UnreachableError leaves the rest of the time to the others; the last one's error, and any other, is thrown
/// on. A silent address gets no more than its share of the time until `deadline`. `addresses` must not be empty.
template <typename Dial>
auto dial_in_turn(const std::vector<Address>& addresses, Deadline deadline, Dial&& dial) {
  for (std::size_t i = 0;; ++i) {
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<int>(addresses.size() - i);
    try {
      return dial(addresses[i], now + share);
    } catch (const UnreachableError&) {
      if (i + 1 == addresses.size()) throw;
    }
  }
}

}  // namespace connector::core
