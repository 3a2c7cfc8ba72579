// Messages as HTTP/1.1 requests (RFC 9112): HiveServer2 with hive.server2.transport.mode = http.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "drivers/hive/channel.hpp"
#include "drivers/hive/login.hpp"

namespace connector::hive {

/// The head of an answer.
struct HttpHead {
  int status = 0;
  std::string reason;
  std::multimap<std::string, std::string> fields;  ///< by lower-case name

  /// The value of a field that is there once; empty if it is not.
  std::string field(const std::string& name) const;
  /// Whether a list in a field has this word, in whatever case.
  bool has_word(const std::string& name, std::string_view word) const;
};

/// Reads the head of an answer, the empty line included. Throws Failure.
HttpHead parse_http_head(std::string_view text);

class HttpChannel final : public Channel {
 public:
  using Dial = std::function<std::unique_ptr<Stream>()>;

  /// `stream` is the first connection; `dial` makes another one to the same address when the server has closed it.
  HttpChannel(const Login& login, std::unique_ptr<Stream> stream, Dial dial);
  void send(std::string_view message) override;
  std::span<char> receive() override;

 private:
  enum class Body { none, sized, chunked, until_close };

  void post();
  std::string request_head() const;
  void begin_answer();
  HttpHead read_head();
  void keep_cookies(const HttpHead& head);
  void choose_body(const HttpHead& head);
  [[noreturn]] void refuse(const HttpHead& head);
  void fill();
  std::string read_line();
  void read_last_chunk();
  std::span<char> take(std::size_t at_most);
  void end_body() noexcept;

  std::unique_ptr<Stream> stream_;
  Dial dial_;
  std::string host_;
  std::string path_;
  std::string authorization_;
  std::map<std::string, std::string> cookies_;
  std::string request_;  ///< the message under way; kept until its answer has begun
  bool answer_begun_ = true;
  bool close_after_ = false;
  bool known_ = false;  ///< the server has answered as a HiveServer2 does
  Body body_ = Body::none;
  std::uint64_t left_ = 0;  ///< of the body, or of its chunk
  bool first_chunk_ = true;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace connector::hive
