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
  void begin_answer(std::size_t max_bytes);
  /// To be called behind an answer: nothing may be left of what has arrived. Throws Failure.
  void end_answer();

  /// See Channel.
  int idle_socket() const noexcept { return channel_->idle_socket(); }

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
  uint8_t nothing_ = 0;        ///< Thrift's buffers must be somewhere even when they are empty
};

/// Thrift's binary protocol, with limits for strings and containers. TVirtualProtocol hands on no more than a
/// transport.
class LimitedProtocol : public apache::thrift::protocol::TBinaryProtocolT<Transport> {
 protected:
  /// `transport` is a Transport.
  explicit LimitedProtocol(const std::shared_ptr<apache::thrift::transport::TTransport>& transport);
};

/// The same, where numbers of types are checked, which the library takes as they come.
class Protocol final : public apache::thrift::protocol::TVirtualProtocol<Protocol, LimitedProtocol> {
 public:
  using TType = apache::thrift::protocol::TType;

  explicit Protocol(const std::shared_ptr<Transport>& transport);
  uint32_t readMessageBegin(std::string& name, apache::thrift::protocol::TMessageType& type, int32_t& sequence);
  uint32_t readFieldBegin(std::string& name, TType& type, int16_t& number);
  uint32_t readMapBegin(TType& key, TType& value, uint32_t& size);
  uint32_t readListBegin(TType& element, uint32_t& size);
  uint32_t readSetBegin(TType& element, uint32_t& size);

 private:
  TType read_type();
  uint32_t read_size();
};

}  // namespace connector::hive
