// Character sets of columns, and what `encoding` does.
//
// Without `encoding` the session says SET NAMES utf8mb4: the server converts every text, and all of it arrives in
// UTF-8. That is right unless the server's idea of a column's character set is wrong, the classic case being text in
// WIN1251 or UTF-8 that an old application stored in latin1 columns. For that case there is `encoding`: the session
// then says SET character_set_results = NULL, by which text arrives as it is stored, and
// - columns declared in utf8mb3 or utf8mb4, and expressions in the connection's character set, are UTF-8;
// - columns declared in ucs2, utf16, utf16le or utf32 are converted to UTF-8 here (PostgreSQL has no such encodings);
// - all others are in the encoding that was asked for, whatever they were declared to be. One exception: what MySQL
//   calls latin1 is Windows-1252 (MySQL manual, "West European Character Sets"); a request for LATIN1 means that.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace connector::mysql {

/// Units of the character sets that are converted here; MySQL's are big-endian but for utf16le.
enum class WideForm : unsigned char { none, utf16, utf16le, utf32 };

/// The number that metadata give for what is no text, and nothing else.
constexpr unsigned binary_collation = 63;

struct Charset {
  std::string name;        ///< "latin1"; empty = not known
  unsigned max_bytes = 0;  ///< of a character; 0 = not known
};

/// How the text of a source is read.
struct TextReading {
  /// Of the request; absent = the server converts.
  std::optional<std::string> encoding = {};
  /// By collation number, as the server tells them; needed with `encoding` only. Where the server converts, the number
  /// is that of the connection, which the library knows. Of columns' own the library's table knows too few (none of
  /// MySQL's from 308 on) and some wrongly: in 3.3.19 utf16's 119 and 2960 to 2967 are there as utf8mb3.
  std::map<unsigned, Charset> charsets = {};
};

/// The character set of a collation number, as metadata give it.
Charset charset_of_collation(unsigned number, const TextReading& reading);

/// How a text column arrives.
struct TextArrival {
  std::string encoding = "UTF8";  ///< PostgreSQL's name, of the bytes that go into the batch
  WideForm wide = WideForm::none;
};

/// `requested`: the request's encoding; absent = the server converts. `charset` must be known otherwise.
TextArrival text_arrival(const Charset& charset, const std::optional<std::string>& requested);

/// The most characters that `bytes` bytes, declared as a text in `charset`, are when they are read as `arrival` says.
unsigned long max_characters(unsigned long bytes, const Charset& charset, const TextArrival& arrival);

/// Appends `bytes` as UTF-8. False if they are no text in that form.
bool append_utf8(std::string& out, std::string_view bytes, WideForm form);

}  // namespace connector::mysql
