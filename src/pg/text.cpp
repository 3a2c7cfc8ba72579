#include "pg/text.hpp"

#include "core/error.hpp"
#include "pg/compat.h"
#include "pg/encoding.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
}

namespace connector::pg {

namespace {

/// ASCII with everything else as `?`: what is left when a message can't be converted.
std::string ascii(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return result;
}

}  // namespace

std::string server_text(std::string_view utf8) {
  std::string text(utf8);
  // A NUL would end the text early in every C function behind this.
  for (char& c : text) {
    if (c == '\0') c = '?';
  }
  const int encoding = GetDatabaseEncoding();
  if (!pg_verify_mbstr(PG_UTF8, text.data(), static_cast<int>(text.size()), true)) return ascii(text);
  if (encoding == PG_UTF8) return text;
  if (encoding == PG_SQL_ASCII || !IsTransactionState()) return ascii(text);
  std::string converted;
  return TextConverter(PG_UTF8, encoding).convert(text, converted) ? converted : ascii(text);
}

std::string exact_server_text(std::string_view utf8) {
  const TextConverter converter(PG_UTF8, GetDatabaseEncoding());
  if (converter.verifies_only()) return std::string(utf8);
  std::string converted;
  if (!converter.convert(utf8, converted)) {
    throw core::Error(core::ErrorNumber::encoding,
                      "\"" + std::string(utf8) + "\" can't be represented in this database's encoding",
                      std::string("The database's encoding is ") + GetDatabaseEncodingName() + ".");
  }
  return converted;
}

std::string utf8_text(std::string_view server) {
  const TextConverter converter(GetDatabaseEncoding(), PG_UTF8);
  if (converter.verifies_only()) return std::string(server);
  std::string converted;
  if (!converter.convert(server, converted)) {
    throw core::Error(core::ErrorNumber::encoding, "text of this database can't be represented in UTF8");
  }
  return converted;
}

std::string utf8_text(Datum datum) {
  const struct varlena* value = guard([&] { return PG_DETOAST_DATUM_PACKED(datum); });
  return utf8_text(std::string_view(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)));
}

Datum text_datum(std::string_view utf8) {
  const std::string server = exact_server_text(utf8);
  return guard(
      [&] { return PointerGetDatum(cstring_to_text_with_len(server.data(), static_cast<int>(server.size()))); });
}

bool database_is_utf8() noexcept {
  return GetDatabaseEncoding() == PG_UTF8;
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
