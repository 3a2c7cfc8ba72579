// A channel as Thrift's transport, with limits, and the protocol on top of it.
#pragma once

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstdint>
#include <memory>
#include <string>

#include "drivers/hive/channel.hpp"

namespace connector::hive {

class Transport final
    : public apache::thrift::transport::TVirtualTransport<Transport, apache::thrift::transport::TBufferBase> {
 public:
  explicit Transport(std::unique_ptr<Channel> channel);

  /// To be called before the answer to a request is read: at most so many bytes belong to it.
  void begin_answer(std::size_t max_bytes) noexcept;
  /// To be called behind an answer: nothing may be left of what has arrived. Throws Failure.
  void end_answer();

  bool isOpen() const override { return true; }
  /// Sends what was written since the last call.
  void flush() override;

 protected:
  uint32_t readSlow(uint8_t* buffer, uint32_t size) override;
  void writeSlow(const uint8_t* buffer, uint32_t size) override;
  const uint8_t* borrowSlow(uint8_t*, uint32_t*) override { return nullptr; }

 private:
  std::unique_ptr<Channel> channel_;
  std::string request_;
  std::size_t allowance_ = 0;  ///< bytes that may still come
};

using Protocol = apache::thrift::protocol::TBinaryProtocolT<Transport>;

/// A protocol on the transport, whose strings and containers in answers other than rows are limited.
std::shared_ptr<Protocol> new_protocol(const std::shared_ptr<Transport>& transport);

}  // namespace connector::hive
