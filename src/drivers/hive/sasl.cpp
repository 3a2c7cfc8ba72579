#include "drivers/hive/sasl.hpp"

#include <algorithm>
#include <utility>

#include "core/base/utf8.hpp"

namespace connector::hive {

namespace {

using Kind = Failure::Kind;

/// Statuses of messages: org.apache.thrift.transport.TSaslTransport.NegotiationStatus.
enum Status { start = 1, ok = 2, bad = 3, error = 4, complete = 5 };

constexpr int max_rounds = 20;
constexpr std::size_t max_payload = 1024 * 1024;
/// Wrapped frames must be whole before they can be read; those of the server are as large as its messages.
constexpr std::size_t max_wrapped_frame = 64 * 1024 * 1024;

constexpr std::string_view anonymous = "anonymous";

Failure refused(std::string_view mechanism, const std::string& reason) {
  const std::string said = reason.empty() ? "without a reason" : reason;
  // "Unsupported mechanism type PLAIN": the server knows others.
  if (reason.find("mechanism") != std::string::npos) {
    return {Kind::mismatch, said,
            mechanism == "GSSAPI" ? "The server does not take Kerberos tickets: set auth to \"plain\" or \"ldap\"."
                                  : "The server takes no passwords: set auth to \"kerberos\"."};
  }
  return {Kind::denied, "the server refused the login: " + said,
          mechanism == "GSSAPI" ? "Check kerberos_service_name, that \"server\" is the host name in the server's "
                                  "principal, and the ticket of the database server's account."
                                : "Check username and password."};
}

}  // namespace

std::string username_or_default(const Login& login) {
  return login.username.empty() ? std::string(anonymous) : login.username;
}

std::string password_or_default(const Login& login) {
  return login.password.empty() ? std::string(anonymous) : login.password;
}

PlainMechanism::PlainMechanism(std::string username, std::string password)
    : username_(std::move(username)), password_(std::move(password)) {}

std::string PlainMechanism::first() {
  std::string message(1, '\0');
  message += username_;
  message += '\0';
  return message += password_;
}

std::string PlainMechanism::step(std::string_view) {
  throw Failure(Kind::malformed, "the server asks for more than name and password");
}

SaslChannel::SaslChannel(std::unique_ptr<Stream> stream, std::unique_ptr<SaslMechanism> mechanism)
    : stream_(std::move(stream)),
      mechanism_(std::move(mechanism)),
      buffer_(std::make_unique_for_overwrite<char[]>(read_bytes)) {
  log_in();
}

void SaslChannel::send_message(int status, std::string_view payload) {
  std::string message(1, static_cast<char>(status));
  append_big_endian_32(message, static_cast<std::uint32_t>(payload.size()));
  message += payload;
  stream_->write(message);
}

SaslChannel::Message SaslChannel::receive_message(bool first) {
  char head[5];
  const std::size_t got = stream_->read(head, 1);
  if (got == 0) {
    throw Failure(
        first ? Kind::mismatch : Kind::lost, "the server closed the connection during the login",
        first ? "The server may not use SASL: try auth \"nosasl\"; or it may expect TLS: try sslmode \"require\"."
              : "");
  }
  read_exactly(*stream_, head + 1, sizeof head - 1);
  const std::string_view bytes(head, sizeof head);
  const int status = static_cast<unsigned char>(head[0]);
  const std::size_t size = big_endian_32(head + 1);
  if (status < start || status > complete || size > max_payload) {
    throw Failure(Kind::mismatch, "the server's answer is no SASL message: " + core::quoted(bytes),
                  foreign_protocol_hint(bytes));
  }
  Message message{status, std::string(size, '\0')};
  read_exactly(*stream_, message.payload.data(), size);
  return message;
}

void SaslChannel::log_in() {
  const std::string first = mechanism_->first();
  send_message(start, mechanism_->name());
  send_message(ok, first);
  for (int round = 0; round < max_rounds; ++round) {
    const Message message = receive_message(round == 0);
    switch (message.status) {
      case complete:
        // The last word of the server may be one that the mechanism has to hear.
        if (!message.payload.empty()) mechanism_->step(message.payload);
        mechanism_->finish();
        return;
      case ok:
        send_message(ok, mechanism_->step(message.payload));
        break;
      default:
        throw refused(mechanism_->name(), core::shown_text(message.payload, 1000));
    }
  }
  throw Failure(Kind::malformed, "the login comes to no end");
}

void SaslChannel::send(std::string_view message) {
  if (mechanism_->wraps()) return stream_->write(mechanism_->wrap(message));
  std::string frame;
  frame.reserve(message.size() + 4);
  append_big_endian_32(frame, static_cast<std::uint32_t>(message.size()));
  frame += message;
  stream_->write(frame);
}

std::span<char> SaslChannel::receive() {
  for (int empty_frames = 0; frame_left_ == 0; ++empty_frames) {
    if (empty_frames == max_rounds) throw Failure(Kind::malformed, "the server sends empty frames");
    char head[4];
    const std::size_t got = stream_->read(head, 1);
    if (got == 0) throw closed_failure();
    read_exactly(*stream_, head + 1, sizeof head - 1);
    const std::size_t size = big_endian_32(head);
    if (size > (mechanism_->wraps() ? max_wrapped_frame : max_message_bytes)) {
      throw Failure(Kind::malformed, "a frame of the server has " + std::to_string(size) + " bytes");
    }
    if (!mechanism_->wraps()) {
      frame_left_ = size;
      continue;
    }
    std::string frame(head, sizeof head);
    while (frame.size() < size + sizeof head) {
      const std::size_t wanted = std::min(read_bytes, size + sizeof head - frame.size());
      read_exactly(*stream_, buffer_.get(), wanted);
      frame.append(buffer_.get(), wanted);
    }
    unwrapped_ = mechanism_->unwrap(frame);
    if (!unwrapped_.empty()) return unwrapped_;
  }
  const std::size_t got = stream_->read(buffer_.get(), std::min(read_bytes, frame_left_));
  if (got == 0) throw closed_failure();
  frame_left_ -= got;
  return {buffer_.get(), got};
}

}  // namespace connector::hive
