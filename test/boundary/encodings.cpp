// Text conversion, with bytea at both ends so that invalid text can be given and seen.
#include "pg/postgres.hpp"

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/encoding.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "probe.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

using boundary::argument;
using boundary::result;

/// boundary_convert(text bytea, from text, to text): NULL if the text is refused.
CONNECTOR_FUNCTION(boundary_convert) {
  const int from = pg_char_to_encoding(argument(fcinfo, 1).c_str());
  const int to = pg_char_to_encoding(argument(fcinfo, 2).c_str());
  const connector::pg::TextConverter converter(from, to);
  std::string converted = "what was there before";
  if (!converter.convert(argument(fcinfo, 0), converted)) PG_RETURN_NULL();
  return result(converted);
}

CONNECTOR_FUNCTION(boundary_valid) {
  const int from = pg_char_to_encoding(argument(fcinfo, 1).c_str());
  const int to = pg_char_to_encoding(argument(fcinfo, 2).c_str());
  PG_RETURN_BOOL(connector::pg::TextConverter(from, to).valid(argument(fcinfo, 0)));
}

CONNECTOR_FUNCTION(boundary_server_text) {
  return result(connector::pg::server_text(argument(fcinfo, 0)));
}
CONNECTOR_FUNCTION(boundary_exact_server_text) {
  return result(connector::pg::exact_server_text(argument(fcinfo, 0)));
}
CONNECTOR_FUNCTION(boundary_text_datum) {
  return connector::pg::text_datum(argument(fcinfo, 0));
}
CONNECTOR_FUNCTION(boundary_utf8_text) {
  return result(connector::pg::datum_text(PG_GETARG_DATUM(0)));
}
CONNECTOR_FUNCTION(boundary_raise_text) {
  throw connector::core::Error(connector::core::ErrorNumber::cannot_read, argument(fcinfo, 0), argument(fcinfo, 0),
                               argument(fcinfo, 0));
}
CONNECTOR_FUNCTION(boundary_notice) {
  connector::pg::notice(argument(fcinfo, 0), argument(fcinfo, 1));
  PG_RETURN_VOID();
}
CONNECTOR_FUNCTION(boundary_quote) {
  return result(connector::pg::quote_text(argument(fcinfo, 0)));
}

/// server_text() when PostgreSQL would refuse to look anything up: an ERROR was caught and not rolled back yet, as when
/// an entry point describes what it caught.
CONNECTOR_FUNCTION(boundary_server_text_after_error) {
  try {
    connector::pg::guard([] { ereport(ERROR, (errmsg("caught"))); });
  } catch (const connector::pg::PgError&) {
    throw connector::core::Error(connector::core::ErrorNumber::cannot_read,
                                 connector::pg::server_text(argument(fcinfo, 0)));
  }
  PG_RETURN_NULL();
}
