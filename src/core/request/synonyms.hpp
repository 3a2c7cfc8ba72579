// What things are called elsewhere. Such names are not accepted, but whoever uses one is told ours.
#pragma once

#include <optional>
#include <string_view>

namespace connector::core {

/// The key of a request or a connection that a lower-case word stands for elsewhere: "host" for "server".
std::optional<std::string_view> key_for(std::string_view word) noexcept;

/// The id of the provider that a lower-case word stands for elsewhere: "mariadb" for "mysql".
std::optional<std::string_view> provider_for(std::string_view word) noexcept;

}  // namespace connector::core
