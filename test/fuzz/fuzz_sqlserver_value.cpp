// Values that a hostile server made the client library hand out, and answers of a hostile browser service. Input: a
// byte for the kind, and the bytes of the value.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "drivers/sqlserver/browser.hpp"
#include "drivers/sqlserver/value_decoder.hpp"

using namespace connector;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr unsigned kinds = static_cast<unsigned>(sqlserver::Decode::geometry) + 1;
  if (size < 1) return 0;
  // In memory of its own, so that AddressSanitizer sees each byte too many.
  const std::vector<unsigned char> value(data + 1, data + size);
  const unsigned kind = data[0] % (kinds + 1);
  if (kind == kinds) {
    sqlserver::port_of_answer({reinterpret_cast<const char*>(value.data()), value.size()}, "instance");
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
