// The handles of the hostile driver.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "connection_string.hpp"
#include "misdeeds.hpp"
#include "results.hpp"

namespace hostile {

/// What SQLGetDiagRec gives, of any handle.
struct Record {
  std::string sqlstate;
  SQLINTEGER number;
  std::string message;
};

struct Diagnosed {
  std::vector<Record> records;
  bool endless = false;  ///< each number of a record gives one
  bool garbage = false;  ///< messages are no text, and end nowhere

  /// The return value for a call that failed so.
  SQLRETURN fails(std::string_view sqlstate, std::string_view message) {
    records = {{std::string(sqlstate), 4711, "[Hostile][Driver]" + std::string(message)}};
    return SQL_ERROR;
  }
};

struct Environment : Diagnosed {};

struct Connection : Diagnosed {
  Attributes attributes;
  std::string whole_string;  ///< as SQLDriverConnect got it
  Misdeeds misdeeds;
  std::atomic<int> cancels{0};  ///< calls of SQLCancel for any statement

  long number(const std::string& name, long otherwise) const;
};

/// What SQLBindCol was told.
struct Binding {
  SQLSMALLINT c_type;
  SQLPOINTER target;
  SQLLEN buffer_length;
  SQLLEN* indicator;
};

/// How far a value was read in pieces.
struct Progress {
  unsigned long given = 0;  ///< bytes
  bool whole = false;       ///< all of it was given, and the caller was told
};

struct Statement : Diagnosed {
  explicit Statement(Connection& of) : connection(of) {}

  Connection& connection;
  std::string prepared;
  Result result;
  std::map<SQLUSMALLINT, Binding> bindings;
  long next_row = 0;         ///< of the result, from 0
  long first_row = 0;        ///< of the block that was fetched last
  long block_row = 0;        ///< the row that SQLGetData reads, from 0
  SQLUSMALLINT reading = 0;  ///< the column that SQLGetData reads in pieces
  Progress progress{};       ///< how far it was read
  SQLULEN array_size = 1;
  SQLULEN bind_type = SQL_BIND_BY_COLUMN;
  SQLULEN* rows_fetched = nullptr;
  SQLUSMALLINT* row_status = nullptr;
  SQLULEN* bind_offset = nullptr;
};

inline Connection& connection_of(SQLHDBC handle) {
  return *static_cast<Connection*>(handle);
}

/// The statement, without the records of the call before.
inline Statement& statement_of(SQLHSTMT handle) {
  auto& statement = *static_cast<Statement*>(handle);
  statement.records.clear();
  return statement;
}

/// Copies a text into a buffer of the caller, with a NUL, as far as it fits, and tells its whole length.
template <typename Length>
SQLRETURN give_text(std::string_view text, SQLCHAR* buffer, Length capacity, Length* length) {
  if (length != nullptr) *length = static_cast<Length>(text.size());
  if (buffer == nullptr || capacity <= 0) return SQL_SUCCESS;
  const auto fits = text.copy(reinterpret_cast<char*>(buffer), static_cast<std::size_t>(capacity) - 1);
  buffer[fits] = 0;
  return fits < text.size() ? SQL_SUCCESS_WITH_INFO : SQL_SUCCESS;
}

/// A text that a caller gives with its length, or SQL_NTS.
inline std::string text_of(const SQLCHAR* text, SQLINTEGER length) {
  if (text == nullptr) return {};
  const auto* begin = reinterpret_cast<const char*>(text);
  return length == SQL_NTS ? std::string(begin) : std::string(begin, static_cast<std::size_t>(length));
}

}  // namespace hostile
