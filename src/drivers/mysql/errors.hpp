// Failures of the server and of the client library, as the connector's errors.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "drivers/mysql/login.hpp"

struct st_mysql;
struct st_mysql_stmt;

namespace connector::mysql {

/// What the library knows of the failure of its last call.
struct NativeError {
  unsigned code = 0;
  std::string sqlstate;
  std::string message;
};

NativeError native_error(st_mysql* handle);
NativeError native_error(st_mysql_stmt* statement);

/// True if a try at another address of the same server may do better.
bool is_unreachable(const NativeError& error) noexcept;

/// The failure to connect or log in.
core::Error connect_error(const Login& login, const NativeError& error);
/// The same, because time ran out.
core::Error connect_timeout_error(const Login& login, std::string_view while_doing);
/// The failure of a statement.
core::Error statement_error(core::Phase phase, std::string_view summary, const NativeError& error);

/// Whether a lock was not to be had in time.
bool is_lock_timeout(unsigned code) noexcept;
/// Whether the table is not among those that the session has locked.
bool is_not_locked(unsigned code) noexcept;
/// Whether the account may not do that with the table or its schema.
bool lacks_privilege(unsigned code) noexcept;

/// A table that the server need not be asked for.
core::Error no_such_table_error(std::string_view summary);

/// Rows or metadata that the protocol does not allow.
[[noreturn]] void throw_malformed(std::string_view what);

}  // namespace connector::mysql
