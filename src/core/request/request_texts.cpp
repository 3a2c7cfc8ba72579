#include "core/request/request_texts.hpp"

#include <string_view>

#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

constexpr std::string_view ellipsis = "...";

std::string cut(std::string_view text) {
  if (text.size() <= max_request_text) return std::string(text);
  return std::string(truncate_utf8(text, max_request_text - ellipsis.size())).append(ellipsis);
}

/// White space inside as one space each, none around.
std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::string server_text(const ConnectorSpec& spec) {
  if (spec.foreign_server) return cut(*spec.foreign_server);
  const auto server = spec.connection.find("server");
  if (server == spec.connection.end()) return {};
  const auto port = spec.connection.find("port");
  return cut(port == spec.connection.end() ? server->second : server->second + ":" + port->second);
}

std::string source_text(const ConnectorSpec& spec) {
  if (spec.sql_query) return cut(in_one_line(*spec.sql_query));
  if (!spec.table) return {};
  return cut(spec.schema ? *spec.schema + "." + *spec.table : *spec.table);
}

}  // namespace connector::core
