#include "drivers/mysql/catalog_rows.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/list_text.hpp"
#include "drivers/mysql/dialect.hpp"

namespace connector::mysql {

namespace {

/// A limit on answers, against a server that never stops: 4096 columns, or 64 indexes of 16 columns and as many more.
constexpr std::size_t max_rows = 2 * 4096;

/// `tables`: a comparison with their names.
std::string statement(const CatalogQuestion& question, std::string_view schema, const std::string& tables) {
  return "SELECT " + question.schema_column + ", TABLE_NAME, " + question.columns + " FROM information_schema." +
         question.view + " WHERE " + question.schema_column + " = " + quote_literal(schema) + " AND TABLE_NAME" +
         tables + question.more;
}

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
      session.query(statement(question, schema, " = " + quote_literal(table)), core::Phase::describe, max_rows);
  const auto is_exact = [&](const TextRow& row) { return row[0] == schema && row[1] == table; };
  if (std::ranges::any_of(rows, is_exact)) {
    std::erase_if(rows, [&](const TextRow& row) { return !is_exact(row); });
  }
  return rows;
}

CatalogRows::CatalogRows(Session& session, std::string schema, std::vector<std::string> tables)
    : session_(session), schema_(std::move(schema)), tables_(std::move(tables)) {}

std::vector<TextRow> CatalogRows::about(std::string_view table, const CatalogQuestion& question) {
  if (tables_.size() == 1) return read_about(session_, schema_, table, question);
  std::string list;
  for (const std::string& name : tables_) core::add_item(list, quote_literal(name));
  const std::string sql = statement(question, schema_, " IN (" + list + ")");
  const auto [answer, is_new] = answers_.try_emplace(sql);
  if (is_new) {
    for (TextRow& row : session_.query(sql, core::Phase::describe, max_rows * tables_.size())) {
      if (row[0] == schema_) answer->second[text(row[1])].push_back(std::move(row));
    }
  }
  const auto found = answer->second.find(table);
  return found == answer->second.end() ? std::vector<TextRow>() : found->second;
}

}  // namespace connector::mysql
