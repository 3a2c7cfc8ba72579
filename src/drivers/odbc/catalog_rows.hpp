// The rows of a function of the catalog.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "drivers/odbc/session.hpp"

namespace connector::odbc {

/// An argument of a function of the catalog, as text that the driver takes; absent = a null pointer.
class CatalogArgument {
 public:
  /// Empty = absent.
  explicit CatalogArgument(std::string_view text);
  SQLWCHAR* wide() noexcept { return is_there_ ? wide_.data() : nullptr; }
  SQLCHAR* narrow() noexcept { return is_there_ ? narrow_.data() : nullptr; }
  SQLSMALLINT length() const noexcept { return is_there_ ? SQL_NTS : 0; }

 private:
  bool is_there_;
  std::vector<SQLWCHAR> wide_;
  std::vector<SQLCHAR> narrow_;
};

/// The result of a call, row by row.
class CatalogRows {
 public:
  /// Makes the call, which gives `statement` a result.
  CatalogRows(Session& session, const Task& task, std::string_view call,
              const std::function<SQLRETURN(SQLHSTMT statement)>& make);

  /// The next row; false if there is none.
  bool next();
  /// A column of the row, from 1, which must be asked for in their order: empty if it is NULL, or not there. UTF-8, cut
  /// after some kilobytes.
  std::string text(SQLUSMALLINT column);

 private:
  Session& session_;
  Task task_;
  StatementHandle statement_;
  std::size_t columns_ = 0;
  std::size_t rows_ = 0;
};

/// `name` as a pattern that only it meets, if the driver has a sign that escapes.
std::string escaped_pattern(std::string_view name, std::string_view escape);

}  // namespace connector::odbc
