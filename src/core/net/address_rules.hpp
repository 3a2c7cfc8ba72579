// Which addresses a request may dial: a guard against turning the database server into a proxy.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/wait.hpp"

namespace connector::core {

/// A resolved address, ready to be dialled.
struct Address {
  int family = 0;                ///< AF_INET or AF_INET6
  unsigned char bytes[16] = {};  ///< network order; the first 4 for AF_INET
  unsigned scope_id = 0;         ///< IPv6 link-local
  std::string text() const;      ///< numeric form without brackets
  std::size_t byte_count() const noexcept { return family == AF_INET ? 4 : 16; }
  /// The form that connect() takes. Returns its length.
  socklen_t socket_address(int port, sockaddr_storage& storage) const noexcept;
};

/// An address in numbers: `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`, `fe80::1%eth0`, where the interface must be one
/// of this machine's, or a number. Nothing if `text` is none.
std::optional<Address> parse_address(std::string_view text);

/// The allow-list with the rules that always hold.
class AddressRules {
 public:
  /// `allowed_hosts`: comma-separated names, addresses and CIDR ranges; empty = any. Names match the requested server
  /// name without regard to case. Throws Error (invalid_parameters) on a malformed entry.
  /// `trusted` (superuser): link-local, loopback and unspecified addresses are treated like any other. `local_allowed`:
  /// loopback and unspecified addresses are, for everybody. A list that is not empty binds everybody, and holds all
  /// that may be dialled.
  AddressRules(std::string_view allowed_hosts, bool trusted, bool local_allowed = false);

  /// Throws Error (cannot_connect, with a hint that names the setting that allows it) if `address`, got by resolving
  /// `server`, must not be dialled. IPv4-mapped IPv6 addresses are judged as the IPv4 address they hold.
  void check(std::string_view server, const Address& address) const;

  // What it was made of, for one of the same kind elsewhere.
  const std::string& allowed_hosts() const noexcept { return allowed_hosts_; }
  bool trusted() const noexcept { return trusted_; }
  bool local_allowed() const noexcept { return local_allowed_; }

 private:
  struct Range {
    int family;
    unsigned char bytes[16];
    int prefix_bits;
  };
  std::string allowed_hosts_;
  std::vector<std::string> names_;
  std::vector<Range> ranges_;
  bool any_;
  bool trusted_;
  bool local_allowed_;
};

/// Resolves a host name (hosts file, then DNS; numeric addresses as they are) without blocking the caller:
/// all waits go through `wait`. The result is never empty. Throws Error (cannot_connect, phase connect) when the name
/// can't be resolved or `deadline` has passed. `provider` and `port` are for the message only.
std::vector<Address> resolve(std::string_view provider, const std::string& server, int port, Wait& wait,
                             Deadline deadline);

/// The addresses of `server` that `rules` allow; if there are none, throws why the first one is refused.
std::vector<Address> resolve_allowed(std::string_view provider, const std::string& server, int port,
                                     const AddressRules& rules, Wait& wait, Deadline deadline);

}  // namespace connector::core
