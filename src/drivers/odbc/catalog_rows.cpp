#include "drivers/odbc/catalog_rows.hpp"

#include <algorithm>
#include <array>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "drivers/odbc/wide_text.hpp"

namespace connector::odbc {

namespace {

/// Of names and comments.
constexpr std::size_t longest_text = 16384;
/// Against drivers whose results have no end.
constexpr std::size_t most_rows = 10'000'000;

}  // namespace

CatalogArgument::CatalogArgument(std::string_view text)
    : is_there_(!text.empty()), wide_(wide_text(text)), narrow_(text.begin(), text.end()) {
  narrow_.push_back(0);
}

CatalogRows::CatalogRows(Session& session, const Task& task, std::string_view call,
                         const std::function<SQLRETURN(SQLHSTMT statement)>& make)
    : session_(session), task_(task), statement_(session.new_statement(task)) {
  session_.run(statement_.get(), task_, call, [&] { return make(statement_.get()); });
  columns_ = session_.column_count(statement_.get(), task_);
}

bool CatalogRows::next() {
  if (columns_ == 0 || ++rows_ > most_rows) return false;
  return session_.run(statement_.get(), task_, "SQLFetch", [&] { return SQLFetch(statement_.get()); }) != SQL_NO_DATA;
}

std::string CatalogRows::text(SQLUSMALLINT column) {
  if (column > columns_) return {};
  SQLLEN length = 0;
  const auto read = [&](SQLSMALLINT type, auto& buffer) {
    const SQLRETURN result = SQLGetData(statement_.get(), column, type, buffer.data(),
                                        static_cast<SQLLEN>((buffer.size() - 1) * sizeof buffer[0]), &length);
    session_.check(result, statement_.get(), task_, "SQLGetData");
    return result != SQL_NO_DATA && length != SQL_NULL_DATA;
  };
  if (session_.traits().unicode) {
    std::vector<SQLWCHAR> buffer(longest_text);
    if (!read(SQL_C_WCHAR, buffer)) return {};
    return narrow_text({buffer.begin(), std::ranges::find(buffer, SQLWCHAR{0})});
  }
  std::vector<char> buffer(longest_text);
  if (!read(SQL_C_CHAR, buffer)) return {};
  return valid_text(std::string(buffer.begin(), std::ranges::find(buffer, '\0')));
}

std::string escaped_pattern(std::string_view name, std::string_view escape) {
  std::string pattern;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool is_escape = !escape.empty() && name.substr(at).starts_with(escape);
    if (name[at] == '_' || name[at] == '%' || is_escape) pattern += escape;
    pattern += name[at];
  }
  return pattern;
}

}  // namespace connector::odbc
