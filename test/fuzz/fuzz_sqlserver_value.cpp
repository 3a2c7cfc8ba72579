// Values that a hostile server made the client library hand out, texts that it converts, and answers of a hostile
// browser service. Input: a byte for the kind, and the bytes of the value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "drivers/sqlserver/browser.hpp"
#include "drivers/sqlserver/freetds/text_conversion.hpp"
#include "drivers/sqlserver/value_decoder.hpp"

using namespace connector;

namespace {

/// Valid UTF-8, but for marks, however little room there is.
void convert(const char* encoding, const std::vector<unsigned char>& value, std::size_t room) {
  const iconv_t conversion = sqlserver::open_conversion("UTF-8", encoding);
  std::vector<char> text(value.begin(), value.end());
  std::vector<char> result(room);
  char* from = text.data();
  std::size_t from_left = text.size();
  for (bool goes_on = true; goes_on && from_left > 0;) {
    char* to = result.data();
    std::size_t to_left = result.size();
    const std::size_t before = from_left;
    bool has_invalid = false;
    sqlserver::convert(conversion, &from, &from_left, &to, &to_left, has_invalid);
    goes_on = from_left < before;
    const std::string_view written(result.data(), result.size() - to_left);
    for (std::size_t at = 0; at < written.size();) {
      const bool is_mark = written[at] == sqlserver::invalid_character;
      if (core::decode_utf8(written, at) == core::invalid_utf8 && !(is_mark && has_invalid)) std::abort();
    }
  }
  sqlserver::close_conversion(conversion);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr unsigned kinds = static_cast<unsigned>(sqlserver::Decode::geometry) + 1;
  if (size < 1) return 0;
  // In memory of its own, so that AddressSanitizer sees each byte too many.
  const std::vector<unsigned char> value(data + 1, data + size);
  const unsigned kind = data[0] % (kinds + 2);
  if (kind == kinds) {
    sqlserver::port_of_answer({reinterpret_cast<const char*>(value.data()), value.size()}, "instance");
    return 0;
  }
  if (kind == kinds + 1) {
    constexpr const char* encodings[] = {"UTF-16LE", "CP1252", "CP932", "CP1255"};
    convert(encodings[value.size() % 4], value, 4 + value.size() % 61);
    return 0;
  }
  const auto policy = (data[0] & 128) != 0 ? core::InvalidValues::null : core::InvalidValues::error;
  core::RowBatch batch(std::vector<core::BatchColumn>(1), policy, 4);
  try {
    sqlserver::decode_value(static_cast<sqlserver::Decode>(kind), value, 0, batch);
    batch.finish_row();
  } catch (const core::Error&) {
  }
  return 0;
}
