// Handles of the driver manager, owned.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <utility>

namespace connector::odbc {

/// A handle of type `kind`, freed with its owner; null = none.
template <SQLSMALLINT kind>
class Handle {
 public:
  Handle() = default;
  explicit Handle(SQLHANDLE handle) noexcept : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, SQLHANDLE{})) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() {
    if (handle_ != SQL_NULL_HANDLE) SQLFreeHandle(kind, handle_);
  }

  static constexpr SQLSMALLINT type = kind;
  SQLHANDLE get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != SQL_NULL_HANDLE; }

 private:
  SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

using Environment = Handle<SQL_HANDLE_ENV>;
using ConnectionHandle = Handle<SQL_HANDLE_DBC>;
using StatementHandle = Handle<SQL_HANDLE_STMT>;

}  // namespace connector::odbc
