// The buffers that a driver writes rows into.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "drivers/odbc/fetch_plan.hpp"
#include "drivers/odbc/types.hpp"

namespace connector::odbc {

/// A value in a buffer.
struct BoundValue {
  SQLLEN length = 0;  ///< as the driver told it
  const char* bytes = nullptr;
  std::size_t room = 0;  ///< largest length of a value that is there as a whole
};

/// Must outlive the statement that it is bound to, or be unbound from it.
class BoundRows {
 public:
  /// What stands as a length where the driver has told none.
  static constexpr SQLLEN nothing_told = SQL_NTS - 1000;

  BoundRows(const FetchPlan& plan, std::span<const Reading> columns);

  std::size_t rows() const noexcept { return rows_; }
  bool is_bound(std::size_t column) const noexcept { return columns_[column].bytes != 0; }
  char* values(std::size_t column) noexcept { return memory_.get() + columns_[column].offset; }
  SQLLEN bytes(std::size_t column) const noexcept { return static_cast<SQLLEN>(columns_[column].bytes); }
  SQLLEN* lengths(std::size_t column) noexcept { return lengths_.data() + column * rows_; }
  SQLUSMALLINT* states() noexcept { return states_.data(); }
  SQLULEN* fetched() noexcept { return &fetched_; }
  /// Fewer rows than planned, since the driver takes no more; 1 at least.
  void take_fewer_rows(std::size_t rows) noexcept { rows_ = rows; }

  /// Before each fetch: what stands there is told apart from what the driver tells.
  void forget() noexcept;

  BoundValue value(std::size_t column, std::size_t row) const noexcept {
    const Column& found = columns_[column];
    return {lengths_[column * rows_ + row], memory_.get() + found.offset + row * found.bytes, found.room};
  }

 private:
  struct Column {
    std::size_t offset = 0;
    std::size_t bytes = 0;  ///< of each value; 0 = not bound
    std::size_t room = 0;
  };

  std::size_t rows_;
  std::vector<Column> columns_;
  std::unique_ptr<char[]> memory_;
  std::vector<SQLLEN> lengths_;
  std::vector<SQLUSMALLINT> states_;
  SQLULEN fetched_ = 0;
};

}  // namespace connector::odbc
