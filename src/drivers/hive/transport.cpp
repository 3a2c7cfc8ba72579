#include "drivers/hive/transport.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace connector::hive {

namespace {

using apache::thrift::TConfiguration;

/// Of names, messages, settings: what is not a value of a row.
constexpr int max_string_bytes = 16 * 1024 * 1024;
constexpr int max_entries = 100'000;

}  // namespace

Transport::Transport(std::unique_ptr<Channel> channel)
    : TVirtualTransport(std::make_shared<TConfiguration>(static_cast<int>(max_message_bytes))),
      channel_(std::move(channel)) {
  static_assert(max_message_bytes <= std::numeric_limits<int>::max());
}

void Transport::begin_answer(std::size_t max_bytes) noexcept {
  resetConsumedMessageSize();
  allowance_ = max_bytes;
}

void Transport::end_answer() {
  if (rBase_ == rBound_) return;
  throw Failure(Failure::Kind::malformed, "the server sends more than one answer");
}

void Transport::flush() {
  // An answer is no longer waited for if the sending fails: the request is not sent twice.
  const std::string request = std::exchange(request_, {});
  channel_->send(request);
}

void Transport::writeSlow(const uint8_t* buffer, uint32_t size) {
  request_.append(reinterpret_cast<const char*>(buffer), size);
}

uint32_t Transport::readSlow(uint8_t* buffer, uint32_t size) {
  if (rBase_ == rBound_) {
    const std::span<char> bytes = channel_->receive();
    if (bytes.size() > allowance_) {
      throw Failure(Failure::Kind::malformed, "an answer of the server is too large",
                    "The number of rows that are fetched at once can be lowered: set "
                    "hive.server2.thrift.resultset.default.fetch.size in \"session\".");
    }
    allowance_ -= bytes.size();
    setReadBuffer(reinterpret_cast<uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size()));
  }
  const auto got = static_cast<uint32_t>(std::min<std::ptrdiff_t>(rBound_ - rBase_, size));
  std::memcpy(buffer, rBase_, got);
  rBase_ += got;
  return got;
}

std::shared_ptr<Protocol> new_protocol(const std::shared_ptr<Transport>& transport) {
  return std::make_shared<Protocol>(transport, max_string_bytes, max_entries, true, true);
}

}  // namespace connector::hive
