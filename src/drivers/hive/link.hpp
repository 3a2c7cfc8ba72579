// A connection that is logged in, and the calls it carries.
#pragma once

#include <memory>

#include "core/net/address_rules.hpp"
#include "drivers/hive/login.hpp"
#include "drivers/hive/rpc/TCLIService.h"
#include "drivers/hive/transport.hpp"

namespace connector::hive {

class Link {
 public:
  /// Dials and logs in. Throws Failure; of kind unreachable, or timed_out before anything was sent, where another
  /// address may do better.
  Link(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// From now on it is waited so, and until then.
  void set_wait_limit(core::Wait& wait, core::Deadline deadline) noexcept { wait_limit_ = {&wait, deadline}; }
  void set_deadline(core::Deadline deadline) noexcept { wait_limit_.deadline = deadline; }
  core::Wait& wait() noexcept { return *wait_limit_.wait; }
  core::Deadline deadline() const noexcept { return wait_limit_.deadline; }

  rpc::TCLIServiceClient& client() noexcept { return client_; }
  Protocol& protocol() noexcept { return *protocol_; }
  Transport& transport() noexcept { return *transport_; }

 private:
  std::unique_ptr<Channel> log_in(const Login& login, const core::Address& address);
  std::unique_ptr<Stream> dial(const Login& login, const core::Address& address);

  WaitLimit wait_limit_;
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<Protocol> protocol_;
  rpc::TCLIServiceClient client_;
};

}  // namespace connector::hive
