#include "pg/encoding.hpp"

#include <algorithm>

#include <cstring>

#include "core/base/error.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
}

namespace connector::pg {

TextConverter::TextConverter(int from, int to) : from_(from), to_(to) {
  if (!PG_VALID_ENCODING(from) || !PG_VALID_ENCODING(to)) {
    throw core::Error(core::ErrorNumber::encoding, "PostgreSQL does not know the encoding of the text");
  }
  // SQL_ASCII means "bytes of unknown meaning": such a database takes what comes, such a source is taken as it is.
  if (from_ == to_ || to_ == PG_SQL_ASCII) return;
  if (from_ == PG_SQL_ASCII) {
    from_ = to_;
    return;
  }
  procedure_ = guard([from, to] { return FindDefaultConversionProc(from, to); });
  if (!OidIsValid(procedure_)) {
    throw core::Error(core::ErrorNumber::encoding,
                      std::string("PostgreSQL has no conversion from encoding \"") + pg_encoding_to_char(from) +
                          "\" to \"" + pg_encoding_to_char(to) + "\"",
                      {}, "Leave out \"encoding\", so that the remote server converts the text to UTF8.");
  }
}

bool TextConverter::valid(std::string_view text) const noexcept {
  return pg_verify_mbstr(from_, text.data(), static_cast<int>(text.size()), true);
}

bool TextConverter::convert(std::string_view text, std::string& result) const {
  result.clear();
  if (verifies_only()) {
    if (!valid(text)) return false;
    result = text;
    return true;
  }
  // Converted piece by piece, so that the room for the worst growth (four times) is small beside the text.
  constexpr std::size_t piece = 64 * 1024;
  auto* source = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
  std::size_t left = text.size();
  while (left > 0) {
    std::size_t take = std::min(left, piece);
    // Some encodings have one character for what is two in UTF-8 (か with ゜ in EUC_JIS_2004). Behind a whole character
    // the conversion would take the first for all there is; behind the beginning of the second it leaves both.
    if (take < left && source[take] >= 0xc0) ++take;
    const std::size_t room = take * MAX_CONVERSION_GROWTH + MAX_CONVERSION_GROWTH + 1;
    const std::size_t before = result.size();
    result.resize(before + room);
    auto* target = reinterpret_cast<unsigned char*>(result.data() + before);
    const int converted = guard([&] {
      return pg_do_encoding_conversion_buf(procedure_, from_, to_, source, static_cast<int>(take), target,
                                           static_cast<int>(room), true);
    });
    result.resize(before + std::strlen(reinterpret_cast<char*>(target)));
    // A piece may end inside a character, which then comes first in the next. No progress is an invalid byte, a NUL, or
    // an incomplete character at the end.
    if (converted <= 0) return false;
    source += converted;
    left -= static_cast<std::size_t>(converted);
  }
  return true;
}

}  // namespace connector::pg
