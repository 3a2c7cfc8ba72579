#include "drivers/hive/link.hpp"

#include <chrono>

#include "drivers/hive/http.hpp"
#include "drivers/hive/kerberos.hpp"
#include "drivers/hive/sasl.hpp"

namespace connector::hive {

Link::Link(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline)
    : wait_limit_{&wait, deadline},
      transport_(std::make_shared<Transport>(log_in(login, address))),
      protocol_(std::make_shared<Protocol>(transport_)),
      client_(protocol_) {}

/// A server can't be asked whether it has TLS: it speaks either that or plain text. With `prefer` it gets a part of the
/// time to answer in TLS.
std::unique_ptr<Stream> Link::dial(const Login& login, const core::Address& address) {
  if (login.tls_mode != TlsMode::prefer) {
    return std::make_unique<Stream>(login, address, login.tls_mode != TlsMode::disable, wait_limit_);
  }
  const core::Deadline deadline = wait_limit_.deadline;
  try {
    if (deadline != core::no_deadline) {
      const auto now = std::chrono::steady_clock::now();
      wait_limit_.deadline = now + (deadline - now) / 3;
    }
    auto stream = std::make_unique<Stream>(login, address, true, wait_limit_);
    wait_limit_.deadline = deadline;
    return stream;
  } catch (const Failure& failure) {
    wait_limit_.deadline = deadline;
    if (failure.kind() == Failure::Kind::unreachable) throw;
  }
  return std::make_unique<Stream>(login, address, false, wait_limit_);
}

std::unique_ptr<Channel> Link::log_in(const Login& login, const core::Address& address) {
  auto stream = dial(login, address);
  if (login.http) {
    // What was TLS stays TLS.
    Login again = login;
    if (login.tls_mode == TlsMode::prefer) again.tls_mode = stream->has_tls() ? TlsMode::require : TlsMode::disable;
    return std::make_unique<HttpChannel>(login, std::move(stream),
                                         [this, again, address] { return dial(again, address); });
  }
  switch (login.authentication) {
    case Authentication::nosasl:
      return std::make_unique<PlainChannel>(std::move(stream));
    case Authentication::kerberos:
      return std::make_unique<SaslChannel>(std::move(stream), new_kerberos_mechanism(login));
    default:
      return std::make_unique<SaslChannel>(
          std::move(stream), std::make_unique<PlainMechanism>(username_or_default(login), password_or_default(login)));
  }
}

}  // namespace connector::hive
