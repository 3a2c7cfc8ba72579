#include "pg/text.hpp"

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "pg/compat.h"
#include "pg/encoding.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/pg_locale.h"
}

namespace connector::pg {

namespace {

/// Appends a character in the database's encoding. Uses the conversion that the backend looked up when it started.
void append_in_server_encoding(std::string& text, char32_t character) {
  unsigned char converted[MAX_UNICODE_EQUIVALENT_STRING + 1] = {};
  bool done = false;
  try {
    done = guard([&] { return connector_unicode_to_server(character, converted); });
  } catch (const PgError&) {
    // A conversion has touched nothing that would have to be rolled back.
  }
  text += done ? reinterpret_cast<const char*>(converted) : "?";
}

std::string convert_exactly(int from, int to, std::string_view text) {
  std::string converted;
  if (!TextConverter(from, to).convert(text, converted)) {
    throw core::Error(core::ErrorNumber::encoding,
                      core::quoted(text) + " can't be represented in encoding " + pg_encoding_to_char(to),
                      std::string("The database's encoding is ") + GetDatabaseEncodingName() + ".");
  }
  return converted;
}

/// Characters that a remote's message could play tricks on a terminal or end a C string with.
bool is_control(char32_t character) {
  if (character == '\n' || character == '\t' || character == '\r') return false;
  return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

}  // namespace

std::string server_text(std::string_view utf8) {
  const int encoding = GetDatabaseEncoding();
  std::string text;
  text.reserve(utf8.size());
  for (std::size_t position = 0; position < utf8.size();) {
    const std::size_t start = position;
    const char32_t character = core::decode_utf8(utf8, position);
    const bool unknown = encoding == PG_SQL_ASCII && character >= 0x80;
    if (character == core::invalid_utf8 || is_control(character) || unknown) {
      text += '?';
    } else if (character < 0x80) {
      text += static_cast<char>(character);
    } else if (encoding == PG_UTF8) {
      text += utf8.substr(start, position - start);
    } else {
      append_in_server_encoding(text, character);
    }
  }
  return text;
}

std::string exact_server_text(std::string_view utf8) {
  return convert_exactly(PG_UTF8, GetDatabaseEncoding(), utf8);
}

std::string utf8_text(std::string_view server) {
  return convert_exactly(GetDatabaseEncoding(), PG_UTF8, server);
}

std::string datum_text(Datum datum) {
  const struct varlena* value = guard([&] { return PG_DETOAST_DATUM_PACKED(datum); });
  return utf8_text({VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)});
}

Datum text_datum(std::string_view utf8) {
  const std::string server = exact_server_text(utf8);
  return guard(
      [&] { return PointerGetDatum(cstring_to_text_with_len(server.data(), static_cast<int>(server.size()))); });
}

bool database_is_utf8() noexcept {
  return GetDatabaseEncoding() == PG_UTF8;
}

bool is_text_type(Oid type) noexcept {
  return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

bool orders_by_utf8(Oid collation) {
  return database_is_utf8() && OidIsValid(collation) && guard([=] { return connector_collation_is_c(collation); });
}

std::string quote_name(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

std::string quote_qualified(std::string_view schema, std::string_view name) {
  return quote_name(schema) + '.' + quote_name(name);
}

std::string quote_text(std::string_view value) {
  std::string result = "'";
  bool escape = false;
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += c;
    escape |= c == '\\';
    result += c;
  }
  return (escape ? "E" : "") + result + '\'';
}

}  // namespace connector::pg
