// What the extension tells by NOTIFY: {"kind": "import", "id": uuid, "state": …}.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connector::http {

struct Notice {
  static constexpr std::string_view import = "import";
  static constexpr std::string_view sync = "sync";
  static constexpr std::string_view batch = "batch";
  static constexpr std::string_view api_key = "api_key";

  std::string kind;  ///< one of these
  std::string id;    ///< a uuid as PostgreSQL writes it; the state may be made up, as any role can notify
};

/// Nothing for any other payload.
std::optional<Notice> read_notice(const std::string& payload);

}  // namespace connector::http
