// Functions of environments and connections.
#include <sql.h>
#include <sqlext.h>

#include <cstring>
#include <string>
#include <variant>

#include "exported.hpp"
#include "handles.hpp"

using namespace hostile;

EXPORTED SQLRETURN SQLAllocHandle(SQLSMALLINT type, SQLHANDLE input, SQLHANDLE* output) {
  switch (type) {
    case SQL_HANDLE_ENV:
      *output = new Environment;
      return SQL_SUCCESS;
    case SQL_HANDLE_DBC:
      *output = new Connection;
      return SQL_SUCCESS;
    case SQL_HANDLE_STMT:
      *output = new Statement(connection_of(input));
      return SQL_SUCCESS;
    default:
      return SQL_ERROR;
  }
}

EXPORTED SQLRETURN SQLFreeHandle(SQLSMALLINT type, SQLHANDLE handle) {
  switch (type) {
    case SQL_HANDLE_ENV:
      delete static_cast<Environment*>(handle);
      return SQL_SUCCESS;
    case SQL_HANDLE_DBC:
      delete static_cast<Connection*>(handle);
      return SQL_SUCCESS;
    case SQL_HANDLE_STMT: {
      auto& statement = statement_of(handle);
      if (const auto given = misbehave(statement.connection, statement, "free")) return *given;
      delete &statement;
      return SQL_SUCCESS;
    }
    default:
      return SQL_ERROR;
  }
}

EXPORTED SQLRETURN SQLSetEnvAttr(SQLHENV, SQLINTEGER, SQLPOINTER, SQLINTEGER) {
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLDriverConnect(SQLHDBC handle, SQLHWND, SQLCHAR* in, SQLSMALLINT in_length, SQLCHAR* out,
                                    SQLSMALLINT out_capacity, SQLSMALLINT* out_length, SQLUSMALLINT) {
  auto& connection = connection_of(handle);
  connection.records.clear();
  connection.whole_string = text_of(in, in_length);
  connection.attributes = read_connection_string(connection.whole_string);
  connection.misdeeds = read_misdeeds(connection);
  if (const auto given = misbehave(connection, connection, "connect")) return *given;
  const auto expected = connection.attributes.find("expects");
  if (expected != connection.attributes.end() && connection.attributes["pwd"] != expected->second)
    return connection.fails("28000", "Invalid authorization specification");
  give_text(connection.whole_string, out, out_capacity, out_length);
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLDisconnect(SQLHDBC handle) {
  auto& connection = connection_of(handle);
  return misbehave(connection, connection, "disconnect").value_or(SQL_SUCCESS);
}

EXPORTED SQLRETURN SQLSetConnectAttr(SQLHDBC, SQLINTEGER, SQLPOINTER, SQLINTEGER) {
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLGetConnectAttr(SQLHDBC, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER, SQLINTEGER* length) {
  const SQLUINTEGER number = attribute == SQL_ATTR_AUTOCOMMIT ? SQL_AUTOCOMMIT_ON : 0;
  std::memcpy(value, &number, sizeof number);
  if (length != nullptr) *length = sizeof number;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLEndTran(SQLSMALLINT, SQLHANDLE, SQLSMALLINT) {
  return SQL_SUCCESS;
}

namespace {

/// Text, or a number of two or four bytes. Kinds of information that are not here are the number 0.
std::variant<const char*, SQLUSMALLINT, SQLUINTEGER> information(SQLUSMALLINT kind, const Connection& connection) {
  switch (kind) {
    case SQL_DRIVER_NAME:
      return "libhostile.so";
    case SQL_DRIVER_VER:
      return "01.00.0000";
    case SQL_DRIVER_ODBC_VER:
      return "03.80";
    case SQL_DBMS_NAME:
      return "Hostile";
    case SQL_DBMS_VER:
      return "01.00.0000";
    case SQL_IDENTIFIER_QUOTE_CHAR:
      return "\"";
    case SQL_SEARCH_PATTERN_ESCAPE:
      return "\\";
    case SQL_CATALOG_NAME:
    case SQL_DATA_SOURCE_READ_ONLY:
      return "N";
    case SQL_CATALOG_NAME_SEPARATOR:
      return ".";
    case SQL_CATALOG_TERM:
    case SQL_SCHEMA_TERM:
    case SQL_SPECIAL_CHARACTERS:
    case SQL_SERVER_NAME:
    case SQL_DATABASE_NAME:
    case SQL_USER_NAME:
      return "";
    case SQL_IDENTIFIER_CASE:
      return SQLUSMALLINT{SQL_IC_LOWER};
    case SQL_NULL_COLLATION:
      return SQLUSMALLINT{SQL_NC_HIGH};
    case SQL_CURSOR_COMMIT_BEHAVIOR:
    case SQL_CURSOR_ROLLBACK_BEHAVIOR:
      return SQLUSMALLINT{SQL_CB_PRESERVE};
    case SQL_TXN_CAPABLE:
    case SQL_MAX_IDENTIFIER_LEN:
    case SQL_MAX_COLUMN_NAME_LEN:
    case SQL_MAX_TABLE_NAME_LEN:
    case SQL_MAX_SCHEMA_NAME_LEN:
    case SQL_MAX_CONCURRENT_ACTIVITIES:
    case SQL_ACTIVE_ENVIRONMENTS:
      return SQLUSMALLINT{0};
    case SQL_GETDATA_EXTENSIONS:
      return static_cast<SQLUINTEGER>(connection.number("getdata", 15));
    default:
      return SQLUINTEGER{0};
  }
}

}  // namespace

EXPORTED SQLRETURN SQLGetInfo(SQLHDBC handle, SQLUSMALLINT kind, SQLPOINTER value, SQLSMALLINT capacity,
                              SQLSMALLINT* length) {
  auto& connection = connection_of(handle);
  // The driver manager asks for some before SQLDriverConnect has returned: that is not the place that is meant.
  if (kind != SQL_DRIVER_ODBC_VER && kind != SQL_CURSOR_COMMIT_BEHAVIOR && kind != SQL_CURSOR_ROLLBACK_BEHAVIOR &&
      kind != SQL_GETDATA_EXTENSIONS)
    if (const auto given = misbehave(connection, connection, "info")) return *given;
  if (lies(connection, "long_information") && value != nullptr && capacity > 0) {
    std::memset(value, 'x', static_cast<std::size_t>(capacity));
    if (length != nullptr) *length = 32767;
    return SQL_SUCCESS;
  }
  const auto found = information(kind, connection);
  if (const auto* const* text = std::get_if<const char*>(&found))
    return give_text(*text, static_cast<SQLCHAR*>(value), capacity, length);
  if (const auto* two = std::get_if<SQLUSMALLINT>(&found)) {
    std::memcpy(value, two, sizeof *two);
    if (length != nullptr) *length = sizeof *two;
  } else {
    const auto four = std::get<SQLUINTEGER>(found);
    std::memcpy(value, &four, sizeof four);
    if (length != nullptr) *length = sizeof four;
  }
  return SQL_SUCCESS;
}

namespace {

Diagnosed& diagnosed(SQLSMALLINT type, SQLHANDLE handle) {
  switch (type) {
    case SQL_HANDLE_ENV:
      return *static_cast<Environment*>(handle);
    case SQL_HANDLE_DBC:
      return *static_cast<Connection*>(handle);
    default:
      return *static_cast<Statement*>(handle);
  }
}

}  // namespace

EXPORTED SQLRETURN SQLGetDiagRec(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, SQLCHAR* sqlstate,
                                 SQLINTEGER* native, SQLCHAR* message, SQLSMALLINT capacity, SQLSMALLINT* length) {
  const auto& of = diagnosed(type, handle);
  if (of.records.empty() || number < 1) return SQL_NO_DATA;
  if (static_cast<std::size_t>(number) > of.records.size() && !of.endless) return SQL_NO_DATA;
  const auto& record = of.records[of.endless ? 0 : static_cast<std::size_t>(number) - 1];
  if (sqlstate != nullptr) std::memcpy(sqlstate, record.sqlstate.c_str(), SQL_SQLSTATE_SIZE + 1);
  if (native != nullptr) *native = record.number;
  if (of.garbage) {
    if (message != nullptr && capacity > 0) std::memset(message, 0xfe, static_cast<std::size_t>(capacity));
    if (length != nullptr) *length = 32767;
    return SQL_SUCCESS;
  }
  return give_text(record.message, message, capacity, length);
}

// The driver manager asks for records only where this function is, too.
EXPORTED SQLRETURN SQLGetDiagField(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT, SQLSMALLINT field, SQLPOINTER value,
                                   SQLSMALLINT, SQLSMALLINT*) {
  if (field != SQL_DIAG_NUMBER || value == nullptr) return SQL_NO_DATA;
  const auto count = static_cast<SQLINTEGER>(diagnosed(type, handle).records.size());
  std::memcpy(value, &count, sizeof count);
  return SQL_SUCCESS;
}
