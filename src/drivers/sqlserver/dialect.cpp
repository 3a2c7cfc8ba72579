#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {

namespace {

std::string quoted(std::string_view begin, std::string_view text, char end) {
  std::string result(begin);
  for (const char c : text) {
    if (c == end) result += c;
    result += c;
  }
  return result += end;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return quoted("[", name, ']');
}

std::string quote_table(std::string_view database, std::string_view schema, std::string_view table) {
  return quote_identifier(database) + '.' + quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  return quoted("N'", text, '\'');
}

}  // namespace connector::sqlserver
