// Rows of information_schema about one table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/mysql/session.hpp"

namespace connector::mysql {

/// A value that is missing is an empty text.
std::string text(const std::optional<std::string>& value);
std::optional<std::int64_t> number(const std::optional<std::string>& value);

/// What is asked of a view of information_schema.
struct CatalogQuestion {
  std::string columns;  ///< in the rows they come behind schema and name of the table
  std::string view;
  std::string more = {};  ///< further conditions and the order
  std::string schema_column = "TABLE_SCHEMA";
};

/// Comparisons there may ignore case, and so find several tables of a server that tells case apart: then those of other
/// spelling are left out. More rows than a table can have is an Error.
std::vector<TextRow> read_about(Session& session, std::string_view schema, std::string_view table,
                                const CatalogQuestion& question);

}  // namespace connector::mysql
