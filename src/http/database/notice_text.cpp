#include "http/database/notice_text.hpp"

#include <array>
#include <string_view>

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"

namespace connector::http {

namespace {

constexpr std::size_t longest_text = 2048;
constexpr std::array<int, 3> parts = {PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT};

}  // namespace

std::optional<std::string> notice_text(const PGresult* result) {
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view kind = severity != nullptr ? severity : "";
  if (kind != "NOTICE" && kind != "WARNING") return std::nullopt;
  std::string text;
  for (const int part : parts) {
    const char* field = PQresultErrorField(result, part);
    if (field != nullptr) core::add_item(text, field, "\n");
  }
  return std::string(core::truncate_utf8(text, longest_text));
}

}  // namespace connector::http
