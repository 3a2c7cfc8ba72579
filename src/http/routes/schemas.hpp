// What bodies look like, for /openapi.json: JSON Schemas (draft 2020-12, which is that of OpenAPI 3.1).
#pragma once

#include <span>
#include <string_view>

namespace connector::http {

struct NamedSchema {
  std::string_view name;
  std::string_view text;  ///< JSON; one refers to another as "#/components/schemas/NAME"
};

/// All of them, in the order of their names. Those of answers allow members that are added later.
std::span<const NamedSchema> schemas() noexcept;

}  // namespace connector::http
