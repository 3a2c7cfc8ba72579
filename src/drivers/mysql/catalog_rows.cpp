#include "drivers/mysql/catalog_rows.hpp"

#include <algorithm>
#include <charconv>

#include "drivers/mysql/dialect.hpp"

namespace connector::mysql {

namespace {

/// A limit on answers, against a server that never stops: 4096 columns, or 64 indexes of 16 columns and as many more.
constexpr std::size_t max_rows = 2 * 4096;

}  // namespace

std::string text(const std::optional<std::string>& value) {
  return value.value_or("");
}

std::optional<std::int64_t> number(const std::optional<std::string>& value) {
  std::int64_t result = 0;
  if (!value) return std::nullopt;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
  if (error != std::errc()) return std::nullopt;
  return result;
}

std::vector<TextRow> read_about(Session& session, std::string_view schema, std::string_view table,
                                const CatalogQuestion& question) {
  // Literals, and no join, let the server open that one table instead of all.
  std::vector<TextRow> rows =
      session.query("SELECT " + question.schema_column + ", TABLE_NAME, " + question.columns +
                        " FROM information_schema." + question.view + " WHERE " + question.schema_column + " = " +
                        quote_literal(schema) + " AND TABLE_NAME = " + quote_literal(table) + question.more,
                    core::Phase::describe, max_rows);
  const auto is_exact = [&](const TextRow& row) { return row[0] == schema && row[1] == table; };
  if (std::ranges::any_of(rows, is_exact)) {
    std::erase_if(rows, [&](const TextRow& row) { return !is_exact(row); });
  }
  return rows;
}

}  // namespace connector::mysql
