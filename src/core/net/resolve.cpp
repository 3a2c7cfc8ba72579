#include <optional>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/net/name_service.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

std::vector<Address> resolve(std::string_view provider, const std::string& server, int port, Wait& wait,
                             Deadline deadline) {
  wait.check();
  if (const auto address = parse_address(server)) return {*address};
  NameServiceAnswer answer;
  if (server.empty() || server.size() > 253 || server.find('\0') != std::string::npos) {
    answer.failure = "not a host name";
  } else {
    answer = ask_name_service(server, wait, deadline);
  }
  if (!answer.addresses.empty()) return std::move(answer.addresses);
  const std::string summary = "could not connect to server " + core::quoted(server) + ", port " + std::to_string(port);
  const bool timed_out = answer.failure.empty();
  const std::string reason =
      timed_out ? "timed out while resolving the host name" : "could not resolve the host name: " + answer.failure;
  throw remote_error({.provider = provider,
                      .phase = Phase::connect,
                      .number = timed_out ? ErrorNumber::timed_out : ErrorNumber::cannot_connect,
                      .summary = summary,
                      .remote_message = reason,
                      .hint = "Check \"server\" in \"connection\". The name is resolved by the database server.",
                      .parameter = "connection.server"});
}

std::vector<Address> resolve_allowed(std::string_view provider, const std::string& server, int port,
                                     const AddressRules& rules, Wait& wait, Deadline deadline) {
  std::vector<Address> allowed;
  std::optional<Error> refused;
  for (const Address& address : resolve(provider, server, port, wait, deadline)) {
    try {
      rules.check(server, address);
      allowed.push_back(address);
    } catch (const Error& error) {
      if (!refused) refused = error;
    }
  }
  if (allowed.empty()) throw *refused;
  return allowed;
}

}  // namespace connector::core
