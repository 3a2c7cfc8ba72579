// Rows of information_schema about tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
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

/// Answers about some tables of one schema. What is asked of one of several is asked of all of them at once, and kept.
class CatalogRows {
 public:
  /// Several `tables` are named as the catalog spells them. Outlived by the session.
  CatalogRows(Session& session, std::string schema, std::vector<std::string> tables);

  Session& session() const noexcept { return session_; }
  const std::string& schema() const noexcept { return schema_; }
  /// As read_about(). `table` is one of them.
  std::vector<TextRow> about(std::string_view table, const CatalogQuestion& question);

 private:
  using RowsByTable = std::map<std::string, std::vector<TextRow>, std::less<>>;

  Session& session_;
  std::string schema_;
  std::vector<std::string> tables_;
  std::map<std::string, RowsByTable> answers_;  ///< by the question's statement
};

}  // namespace connector::mysql
