// SASL as Thrift's Java library carries it (its TSaslTransport tells the form): an exchange of messages, each a status
// byte, a length and a payload; then every message of the protocol in frames with a length in front.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/hive/channel.hpp"
#include "drivers/hive/login.hpp"

namespace connector::hive {

/// One mechanism: what the client says, and how it protects messages afterwards.
class SaslMechanism {
 public:
  virtual ~SaslMechanism() = default;
  virtual std::string_view name() const noexcept = 0;
  /// What is said with the name.
  virtual std::string first() = 0;
  /// The answer to a challenge. Throws Failure.
  virtual std::string step(std::string_view challenge) = 0;
  /// To be called when the server has accepted; throws Failure if the mechanism has not.
  virtual void finish() {}
  /// True if messages are wrapped from then on: frames are then those of wrap(), which have their length in front.
  virtual bool wraps() const noexcept { return false; }
  virtual std::string wrap(std::string_view message) { return std::string(message); }
  /// Takes a frame with its length in front.
  virtual std::string unwrap(std::string_view frame) { return std::string(frame); }
};

/// Name and password in clear (RFC 4616); a server without checks wants a password that is not empty, too.
class PlainMechanism final : public SaslMechanism {
 public:
  PlainMechanism(std::string username, std::string password);
  std::string_view name() const noexcept override { return "PLAIN"; }
  std::string first() override;
  std::string step(std::string_view challenge) override;

 private:
  std::string username_;
  std::string password_;
};

class SaslChannel final : public Channel {
 public:
  /// Logs in. Throws Failure.
  SaslChannel(std::unique_ptr<Stream> stream, std::unique_ptr<SaslMechanism> mechanism);
  void send(std::string_view message) override;
  std::span<char> receive() override;
  int idle_socket() const noexcept override { return stream_ ? stream_->descriptor() : -1; }

 private:
  struct Message {
    int status;
    std::string payload;
  };
  void send_message(int status, std::string_view payload);
  Message receive_message(bool first);
  void log_in();

  std::unique_ptr<Stream> stream_;
  std::unique_ptr<SaslMechanism> mechanism_;
  std::unique_ptr<char[]> buffer_;
  std::size_t frame_left_ = 0;
  std::string unwrapped_;
};

/// The default name and password of a server without checks.
std::string username_or_default(const Login& login);
std::string password_or_default(const Login& login);

}  // namespace connector::hive
