// SASL GSSAPI (RFC 4752) through Cyrus SASL: Kerberos tickets, and messages wrapped as the server wants it.
#pragma once

#include <memory>

#include "drivers/hive/login.hpp"
#include "drivers/hive/sasl.hpp"

namespace connector::hive {

/// The mechanism for a login by ticket, with the best protection of messages that the server offers: none (auth),
/// checksums (auth-int) or encryption (auth-conf). Throws Failure.
std::unique_ptr<SaslMechanism> new_kerberos_mechanism(const Login& login);

}  // namespace connector::hive
