#include "core/net/address_rules.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/trim.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

constexpr unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int mapped_bits = 96;

constexpr std::string_view spaces = " \t\r\n";

/// Names are compared without regard to case and to the dot that may end a full one.
std::string host_key(std::string_view name) {
  if (name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return lower_ascii(name);
}

unsigned scope_number(const std::string& scope) {
  if (const unsigned index = if_nametoindex(scope.c_str()); index != 0) return index;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(scope.data(), scope.data() + scope.size(), number);
  return error == std::errc() && end == scope.data() + scope.size() ? number : 0;
}

/// An IPv4 address in an IPv6 one is dialled as IPv4, and so it is judged.
Address unmapped(const Address& address) {
  if (address.family != AF_INET6 || std::memcmp(address.bytes, mapped_prefix, sizeof mapped_prefix) != 0) {
    return address;
  }
  Address result;
  result.family = AF_INET;
  std::memcpy(result.bytes, address.bytes + sizeof mapped_prefix, 4);
  return result;
}

/// The IPv4 address that translators (64:ff9b::/96, RFC 6052) or 6to4 relays (2002::/16, RFC 3056) may send packets
/// for this one to.
std::optional<Address> embedded(const Address& address) {
  if (address.family != AF_INET6) return std::nullopt;
  constexpr unsigned char translated[12] = {0, 0x64, 0xff, 0x9b};
  const unsigned char* found = nullptr;
  if (std::memcmp(address.bytes, translated, sizeof translated) == 0) {
    found = address.bytes + sizeof translated;
  } else if (address.bytes[0] == 0x20 && address.bytes[1] == 0x02) {
    found = address.bytes + 2;
  } else {
    return std::nullopt;
  }
  Address result;
  result.family = AF_INET;
  std::memcpy(result.bytes, found, 4);
  return result;
}

bool same_bits(const unsigned char* a, const unsigned char* b, int bits) {
  const int whole = bits / 8;
  if (std::memcmp(a, b, static_cast<std::size_t>(whole)) != 0) return false;
  const int rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool is_link_local(const Address& address) {
  if (address.family == AF_INET) return address.bytes[0] == 169 && address.bytes[1] == 254;
  return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

/// Loopback, and the unspecified addresses, which reach this machine as well.
bool is_this_machine(const Address& address) {
  if (address.family == AF_INET) return address.bytes[0] == 127 || address.bytes[0] == 0;
  // ::, ::1, and the rest of ::/96, the old way to write IPv4 addresses.
  return std::all_of(address.bytes, address.bytes + 12, [](unsigned char byte) { return byte == 0; });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 254 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c >= 0x80;
  });
}

[[noreturn]] void malformed(std::string_view entry, const char* what) {
  throw Error(ErrorNumber::invalid_parameters, "invalid entry in connector.allowed_hosts: " + core::quoted(entry),
              std::string(what) + " The list can't be used, and no connection is allowed.",
              "The list holds host names, addresses and ranges such as 10.0.0.0/8, separated by commas.");
}

[[noreturn]] void refuse(std::string_view server, const Address& address, const char* why, const char* hint) {
  throw Error(ErrorNumber::cannot_connect,
              "connection to server " + core::quoted(server) + " (" + address.text() + ") is not allowed", why, hint)
      .with_parameter("connection.server");
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  std::string terminated(text);
  Address address;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes) == 1) {
    address.family = AF_INET;
    return address;
  }
  if (const auto percent = terminated.find('%'); percent != std::string::npos) {
    address.scope_id = scope_number(terminated.substr(percent + 1));
    if (address.scope_id == 0) return std::nullopt;
    terminated.resize(percent);
  }
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes) != 1) return std::nullopt;
  address.family = AF_INET6;
  return address;
}

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  if (inet_ntop(family, bytes, buffer, sizeof buffer) == nullptr) return "unknown address";
  std::string result = buffer;
  if (family == AF_INET6 && scope_id != 0) {
    char name[IF_NAMESIZE];
    result += '%';
    result += if_indextoname(scope_id, name) != nullptr ? name : std::to_string(scope_id);
  }
  return result;
}

socklen_t Address::socket_address(int port, sockaddr_storage& storage) const noexcept {
  storage = {};
  if (family == AF_INET) {
    auto& to = reinterpret_cast<sockaddr_in&>(storage);
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    std::memcpy(&to.sin_addr, bytes, sizeof to.sin_addr);
    return sizeof to;
  }
  auto& to = reinterpret_cast<sockaddr_in6&>(storage);
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(static_cast<std::uint16_t>(port));
  to.sin6_scope_id = scope_id;
  std::memcpy(&to.sin6_addr, bytes, sizeof to.sin6_addr);
  return sizeof to;
}

AddressRules::AddressRules(std::string_view allowed_hosts, bool trusted, bool local_allowed)
    : allowed_hosts_(allowed_hosts),
      any_(trimmed(allowed_hosts, spaces).empty()),
      trusted_(trusted),
      local_allowed_(local_allowed) {
  while (!any_) {
    const auto comma = allowed_hosts.find(',');
    const std::string_view entry = trimmed(allowed_hosts.substr(0, comma), spaces);
    if (entry.empty()) malformed(entry, "An entry is empty.");
    const auto slash = entry.find('/');
    const std::string_view host = entry.substr(0, slash);
    if (auto address = parse_address(host); address && address->scope_id == 0) {
      const int all_bits = address->family == AF_INET ? 32 : 128;
      int bits = all_bits;
      if (slash != std::string_view::npos) {
        const std::string_view prefix = entry.substr(slash + 1);
        const auto [end, error] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), bits);
        if (error != std::errc() || end != prefix.data() + prefix.size() || bits < 0 || bits > all_bits) {
          malformed(entry, "The number behind the slash is not a valid prefix length.");
        }
      }
      const Address plain = unmapped(*address);
      if (plain.family != address->family && bits >= mapped_bits) {
        bits -= mapped_bits;
        address = plain;
      }
      Range& range = ranges_.emplace_back(Range{address->family, {}, bits});
      std::memcpy(range.bytes, address->bytes, sizeof range.bytes);
    } else if (slash == std::string_view::npos && is_host_name(host) &&
               host.find_first_not_of("0123456789.") != std::string_view::npos) {
      names_.push_back(host_key(host));
    } else {
      malformed(entry, "It is neither a host name nor an address nor a range of addresses.");
    }
    if (comma == std::string_view::npos) break;
    allowed_hosts.remove_prefix(comma + 1);
  }
}

void AddressRules::check(std::string_view server, const Address& dialled) const {
  const Address address = unmapped(dialled);
  const Address inner = embedded(address).value_or(address);
  const bool link_local = is_link_local(address) || is_link_local(inner);
  const bool this_machine = is_this_machine(address) || is_this_machine(inner);
  if (!trusted_ && link_local) {
    refuse(server, address, "Link-local addresses are for superusers only, even if connector.allowed_hosts has them.",
           "Let a superuser make the connection, or give the server another address.");
  }
  const std::string name = host_key(server);
  const bool listed =
      std::find(names_.begin(), names_.end(), name) != names_.end() ||
      std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        return range.family == address.family && same_bits(range.bytes, address.bytes, range.prefix_bits);
      });
  if (listed) return;
  if (!any_) {
    refuse(server, address, "Neither the name nor the address is in connector.allowed_hosts.",
           "connector.allowed_hosts is not empty, and so names all that is allowed: an administrator can add to it.");
  }
  if (!trusted_ && !local_allowed_ && this_machine) {
    refuse(server, address, "This is an address of the database server itself.",
           "An administrator can allow such addresses with connector.allow_local_addresses.");
  }
}

}  // namespace connector::core
