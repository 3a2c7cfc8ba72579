// Text of the driver manager's wide functions: UTF-16 in units of SQLWCHAR, in the machine's order of bytes.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace connector::odbc {

/// In UTF-16, with a unit of 0 at its end. Bytes that are no UTF-8 become U+FFFD.
std::vector<SQLWCHAR> wide_text(std::string_view text);

/// In UTF-8. Units that are no character become U+FFFD. Not for values: these are told of.
std::string narrow_text(std::span<const SQLWCHAR> text);

/// Valid UTF-8: bytes that are none are taken for Latin-1.
std::string valid_text(std::string_view text);

/// The driver manager reads what a driver says in bytes as Latin-1: if `text` is UTF-8 that was misread so, what it
/// was.
std::string repaired_text(const std::string& text);

}  // namespace connector::odbc
