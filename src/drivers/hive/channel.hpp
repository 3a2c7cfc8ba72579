// How messages stand in the bytes of a connection: as they are, in SASL frames, or in HTTP requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "drivers/hive/failure.hpp"
#include "drivers/hive/stream.hpp"

namespace connector::hive {

/// The longest answer that is read: a value of PostgreSQL's largest size, and what comes with it.
inline constexpr std::size_t max_message_bytes = 1'100'000'000;

/// Carries one request at a time and its answer. All calls throw Failure.
class Channel {
 public:
  virtual ~Channel() = default;
  /// Sends a whole request.
  virtual void send(std::string_view message) = 0;
  /// The next bytes of the answer, at least one; they stay until the next call. Memory is taken for what has arrived,
  /// never for what is announced.
  virtual std::span<char> receive() = 0;
  /// The socket that must stay open between two requests; -1 where another may take its place.
  virtual int idle_socket() const noexcept { return -1; }
};

/// Messages as they are: servers with NOSASL.
class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(std::unique_ptr<Stream> stream);
  void send(std::string_view message) override;
  std::span<char> receive() override;
  int idle_socket() const noexcept override { return stream_->descriptor(); }

 private:
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<char[]> buffer_;
  bool answered_ = false;
};

/// Bytes that one read takes at most.
inline constexpr std::size_t read_bytes = 256 * 1024;

/// Reads exactly so many bytes. Throws Failure if the connection ends before.
void read_exactly(Stream& stream, char* to, std::size_t size);

/// A big-endian number, as Thrift and SASL write it.
std::uint32_t big_endian_32(const char* bytes) noexcept;
void append_big_endian_32(std::string& to, std::uint32_t number);

/// The end of the connection, worded.
Failure closed_failure();

/// What the first bytes of an answer tell if they are none of the configured protocol: HTTP, TLS, SASL or Thrift.
/// Empty if they tell nothing.
std::string foreign_protocol_hint(std::string_view bytes);

}  // namespace connector::hive
