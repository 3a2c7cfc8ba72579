// Answers to FetchResults of a hostile server, and what becomes of the values. Input: a byte for the number of columns
// and the policy, a byte for the first way of decoding, and the answer from behind its message's head on.
#include <thrift/Thrift.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "drivers/hive/failure.hpp"
#include "drivers/hive/http.hpp"
#include "drivers/hive/result_rows.hpp"
#include "drivers/hive/types.hpp"
#include "drivers/hive/values.hpp"

using namespace connector;

namespace {

constexpr std::size_t max_rows = 64;

/// Gives bytes in small pieces, from memory of its own each, so that AddressSanitizer sees each byte too many.
class Input final : public hive::Channel {
 public:
  Input(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  void send(std::string_view) override {}
  std::span<char> receive() override {
    const std::size_t size = std::min<std::size_t>(static_cast<std::size_t>(end_ - at_), 11);
    if (size == 0) throw hive::closed_failure();
    piece_ = std::vector<char>(at_, at_ + size);
    at_ += size;
    return piece_;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::vector<char> piece_;
};

constexpr core::TypeKind kind_of(hive::Decode decode) {
  switch (decode) {
    case hive::Decode::integer:
      return core::TypeKind::int2;
    case hive::Decode::decimal:
      return core::TypeKind::numeric;
    default:
      return core::TypeKind::text;
  }
}

void decode(const hive::ResultRows& rows, unsigned first, core::InvalidValues policy) {
  constexpr unsigned ways = static_cast<unsigned>(hive::Decode::json) + 1;
  core::RowBatch batch(std::vector<core::BatchColumn>(rows.columns.size()), policy, max_rows);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    for (std::size_t column = 0; column < rows.columns.size(); ++column) {
      const auto way = static_cast<hive::Decode>((first + column) % ways);
      if (rows.columns[column].rows() < rows.rows) std::abort();
      if (!hive::can_decode(way, rows.columns[column].kind())) continue;
      const core::LogicalType type{.kind = kind_of(way), .length = 10, .scale = 2};
      hive::decode_value(way, type, rows.columns[column], row, column, batch);
    }
    batch.finish_row();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t columns = data[0] % 8;
  if (data[0] == 255) {  // the head of an HTTP answer
    try {
      hive::parse_http_head({reinterpret_cast<const char*>(data) + 2, size - 2})
          .has_word("transfer-encoding", "chunked");
    } catch (const hive::Failure&) {
    }
    return 0;
  }
  const auto transport = std::make_shared<hive::Transport>(std::make_unique<Input>(data + 2, size - 2));
  const auto protocol = std::make_shared<hive::Protocol>(transport);
  transport->begin_answer(hive::max_message_bytes);
  hive::ResultRows rows;
  hive::rpc::Status status;
  try {
    hive::read_fetch_results(*protocol, *transport, columns, max_rows, rows, status);
    decode(rows, data[1], (data[0] & 64) != 0 ? core::InvalidValues::null : core::InvalidValues::error);
  } catch (const hive::Failure&) {
  } catch (const apache::thrift::TException&) {
  } catch (const core::Error&) {
  }
  return 0;
}
