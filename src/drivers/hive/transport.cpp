#include "drivers/hive/transport.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace connector::hive {

namespace {

using apache::thrift::TConfiguration;
using apache::thrift::protocol::T_CALL;
using apache::thrift::protocol::T_ONEWAY;
using apache::thrift::protocol::T_STOP;
using apache::thrift::protocol::T_UTF16;
using apache::thrift::protocol::TMessageType;

/// Of names, messages, settings: what is not a value of a row.
constexpr int max_string_bytes = 16 * 1024 * 1024;
constexpr int max_entries = 100'000;

}  // namespace

Transport::Transport(std::unique_ptr<Channel> channel)
    : TVirtualTransport(std::make_shared<TConfiguration>(static_cast<int>(max_message_bytes))),
      channel_(std::move(channel)) {
  static_assert(max_message_bytes <= std::numeric_limits<int>::max());
  setReadBuffer(&nothing_, 0);
  setWriteBuffer(&nothing_, 0);
}

void Transport::begin_answer(std::size_t max_bytes) {
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

LimitedProtocol::LimitedProtocol(const std::shared_ptr<apache::thrift::transport::TTransport>& transport)
    : TBinaryProtocolT(std::static_pointer_cast<Transport>(transport), max_string_bytes, max_entries, true, true) {}

Protocol::Protocol(const std::shared_ptr<Transport>& transport) : TVirtualProtocol(transport) {}

uint32_t Protocol::readMessageBegin(std::string& name, TMessageType& type, int32_t& sequence) {
  int32_t head = 0;
  readI32(head);
  const auto number = static_cast<uint32_t>(head) & 0xff;
  if ((head & VERSION_MASK) != static_cast<int32_t>(VERSION_1) || number < T_CALL || number > T_ONEWAY) {
    throw Failure(Failure::Kind::malformed, "an answer of the server is no Thrift message");
  }
  type = static_cast<TMessageType>(number);
  return 4 + readString(name) + readI32(sequence);
}

Protocol::TType Protocol::read_type() {
  int8_t number = 0;
  readByte(number);
  if (number < T_STOP || number > T_UTF16) {
    throw Failure(Failure::Kind::malformed, "an answer of the server has a value of no known type");
  }
  return static_cast<TType>(number);
}

uint32_t Protocol::read_size() {
  int32_t size = 0;
  readI32(size);
  if (size < 0 || size > max_entries) {
    throw Failure(Failure::Kind::malformed, "a list in an answer of the server has no valid size");
  }
  return static_cast<uint32_t>(size);
}

uint32_t Protocol::readFieldBegin(std::string&, TType& type, int16_t& number) {
  type = read_type();
  number = 0;
  return type == T_STOP ? 1 : 1 + readI16(number);
}

uint32_t Protocol::readMapBegin(TType& key, TType& value, uint32_t& size) {
  key = read_type();
  value = read_type();
  size = read_size();
  return 6;
}

uint32_t Protocol::readListBegin(TType& element, uint32_t& size) {
  element = read_type();
  size = read_size();
  return 5;
}

uint32_t Protocol::readSetBegin(TType& element, uint32_t& size) {
  return readListBegin(element, size);
}

}  // namespace connector::hive
