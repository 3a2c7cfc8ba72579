#include "drivers/hive/channel.hpp"

#include <cstring>

#include "core/base/utf8.hpp"

namespace connector::hive {

namespace {

using Kind = Failure::Kind;

/// The first bytes of a message in Thrift's binary protocol: version 1, strict (Thrift's thrift-binary-protocol.md).
constexpr std::string_view thrift_version = "\x80\x01";

/// First bytes of a TLS alert (RFC 8446, 5.1): content type 21, major version 3.
constexpr std::string_view tls_alert = "\x15\x03";

}  // namespace

std::string foreign_protocol_hint(std::string_view bytes) {
  if (bytes.starts_with("HTTP")) return "The server speaks HTTP: set transport to \"http\".";
  if (bytes.starts_with(tls_alert)) return "The server speaks TLS: set sslmode to \"require\" or higher.";
  if (bytes.starts_with(thrift_version)) return "The server speaks without SASL: set auth to \"nosasl\".";
  // A SASL answer: status BAD (3) or ERROR (4), and a length below 16 MB (Thrift's TSaslTransport).
  if (bytes.size() >= 2 && (bytes[0] == 3 || bytes[0] == 4) && bytes[1] == 0) {
    return "The server expects SASL: set auth to \"plain\", \"ldap\" or \"kerberos\", and transport to \"binary\".";
  }
  return {};
}

std::uint32_t big_endian_32(const char* bytes) noexcept {
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

void append_big_endian_32(std::string& to, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(number >> shift);
}

Failure closed_failure() {
  return {Kind::lost, "the server closed the connection"};
}

void read_exactly(Stream& stream, char* to, std::size_t size) {
  while (size > 0) {
    const std::size_t got = stream.read(to, size);
    if (got == 0) throw closed_failure();
    to += got;
    size -= got;
  }
}

PlainChannel::PlainChannel(std::unique_ptr<Stream> stream)
    : stream_(std::move(stream)), buffer_(std::make_unique_for_overwrite<char[]>(read_bytes)) {}

void PlainChannel::send(std::string_view message) {
  stream_->write(message);
}

std::span<char> PlainChannel::receive() {
  const std::size_t got = stream_->read(buffer_.get(), read_bytes);
  if (!answered_) {
    if (got == 0) {
      throw Failure(Kind::mismatch, "the server closed the connection without an answer",
                    "The server may expect SASL: try auth \"plain\", \"ldap\" or \"kerberos\"; or TLS, or HTTP: try "
                    "sslmode \"require\", or transport \"http\".");
    }
    const std::string_view bytes(buffer_.get(), got);
    if (!bytes.starts_with(thrift_version.substr(0, got))) {
      throw Failure(Kind::mismatch, "the server's answer is no Thrift message: " + core::quoted(bytes, 40),
                    foreign_protocol_hint(bytes));
    }
    answered_ = true;
  }
  if (got == 0) throw closed_failure();
  return {buffer_.get(), got};
}

}  // namespace connector::hive
