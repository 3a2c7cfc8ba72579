// Queries: the statement that is cut out is a prefix, and cutting again changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "drivers/postgres/sql_text.hpp"
#include "drivers/postgres/errors.hpp"

using namespace connector;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const std::string_view statement = postgres::first_statement(sql);
  if (!sql.starts_with(statement) || postgres::first_statement(statement) != statement) std::abort();
  if (statement.size() < sql.size() && sql[statement.size()] != ';') std::abort();
  static_cast<void>(postgres::is_copyable(sql));
  static_cast<void>(postgres::parse_connection_error(sql));
  return 0;
}
