#include "drivers/hive/http.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/trim.hpp"
#include "core/base/utf8.hpp"
#include "drivers/hive/sasl.hpp"
#include "core/base/list_text.hpp"

namespace connector::hive {

namespace {

using Kind = Failure::Kind;

constexpr std::size_t max_head_bytes = 64 * 1024;
constexpr std::size_t max_line_bytes = 16 * 1024;
constexpr std::size_t max_cookies = 50;
constexpr int max_interim_answers = 10;

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// Without the spaces around it, and the CR at the end of a line.
std::string_view trimmed(std::string_view text) {
  return core::trimmed(text, " \t\r");
}

template <typename Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// Takes a line off the text.
std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

Failure malformed(std::string what) {
  return {Kind::malformed, std::move(what)};
}

}  // namespace

std::string HttpHead::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

bool HttpHead::has_word(const std::string& name, std::string_view word) const {
  const auto [begin, end] = fields.equal_range(name);
  return std::any_of(begin, end, [&](const auto& field) {
    std::string_view rest = field.second;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      if (core::lower_ascii(trimmed(rest.substr(0, comma))) == word) return true;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return false;
  });
}

HttpHead parse_http_head(std::string_view text) {
  HttpHead head;
  const std::string_view first = next_line(text);
  // HTTP/1.1 200 OK
  const auto status = first.starts_with("HTTP/1.") && first.size() >= 12 && first[8] == ' '
                          ? number<int>(first.substr(9, 3), 10)
                          : std::nullopt;
  if (!status) throw malformed("the server's answer is no HTTP: " + core::quoted(first));
  head.status = *status;
  head.reason = trimmed(first.substr(12));
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) throw malformed("a line of the server's HTTP head has no name");
    head.fields.emplace(core::lower_ascii(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return head;
}

HttpChannel::HttpChannel(const Login& login, std::unique_ptr<Stream> stream, Dial dial)
    : stream_(std::move(stream)),
      dial_(std::move(dial)),
      path_(login.http_path),
      authorization_("Basic " + base64(username_or_default(login) + ':' + password_or_default(login))),
      buffer_(std::make_unique_for_overwrite<char[]>(read_bytes)) {
  const bool is_address = login.server.find(':') != std::string::npos && !login.server.starts_with('[');
  host_ = (is_address ? '[' + login.server + ']' : login.server) + ':' + std::to_string(login.port);
}

std::string HttpChannel::request_head() const {
  std::string head = "POST " + path_ + " HTTP/1.1\r\nHost: " + host_ +
                     "\r\nContent-Type: application/x-thrift\r\nAccept: application/x-thrift\r\n"
                     "User-Agent: connector\r\nAuthorization: " +
                     authorization_ +
                     // The server may want it against forged requests (hive.server2.xsrf.filter.enabled).
                     "\r\nX-XSRF-HEADER: true\r\nContent-Length: " + std::to_string(request_.size()) + "\r\n";
  std::string cookies;
  for (const auto& [name, value] : cookies_) core::add_item(cookies, name + '=' + value, "; ");
  if (!cookies.empty()) head += "Cookie: " + cookies + "\r\n";
  return head + "\r\n";
}

void HttpChannel::send(std::string_view message) {
  if (body_ == Body::chunked && left_ == 0 && !first_chunk_) read_last_chunk();
  // What is left of an answer is not wanted any more.
  if (body_ != Body::none) stream_.reset();
  end_body();
  request_ = message;
  post();
}

void HttpChannel::post() {
  if (close_after_ || (stream_ && stream_->is_stale())) stream_.reset();
  if (!stream_) stream_ = dial_();
  close_after_ = false;
  begin_ = end_ = 0;
  answer_begun_ = false;
  stream_->write(request_head() + request_);
}

void HttpChannel::end_body() noexcept {
  body_ = Body::none;
  left_ = 0;
  first_chunk_ = true;
}

void HttpChannel::fill() {
  begin_ = 0;
  end_ = stream_->read(buffer_.get(), read_bytes);
  if (end_ == 0) throw closed_failure();
}

std::string HttpChannel::read_line() {
  std::string line;
  for (;;) {
    if (begin_ == end_) fill();
    const char* from = buffer_.get() + begin_;
    const char* to = buffer_.get() + end_;
    const char* found = std::find(from, to, '\n');
    line.append(from, found);
    begin_ += static_cast<std::size_t>(found - from);
    if (line.size() > max_line_bytes) throw malformed("a line of the server's HTTP head is too long");
    if (found == to) continue;
    ++begin_;
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }
}

HttpHead HttpChannel::read_head() {
  if (begin_ == end_) {
    end_ = stream_->read(buffer_.get(), read_bytes);
    begin_ = 0;
    if (end_ == 0) {
      if (known_) throw closed_failure();
      throw Failure(Kind::mismatch, "the server closed the connection without an answer",
                    "The server may not speak HTTP: try transport \"binary\"; or it may expect TLS: try sslmode "
                    "\"require\".");
    }
    const std::string_view bytes(buffer_.get(), end_);
    if (!bytes.starts_with(std::string_view("HTTP/").substr(0, bytes.size()))) {
      const std::string hint = foreign_protocol_hint(bytes);
      throw Failure(Kind::mismatch, "the server's answer is no HTTP: " + core::quoted(bytes, 40),
                    hint.find("TLS") != std::string::npos || hint.empty()
                        ? hint
                        : "The server does not speak HTTP: set transport to \"binary\".");
    }
  }
  std::string text;
  for (;;) {
    const std::string line = read_line();
    if (line.empty()) return parse_http_head(text);
    text += line + "\r\n";
    if (text.size() > max_head_bytes) throw malformed("the server's HTTP head is too long");
  }
}

void HttpChannel::keep_cookies(const HttpHead& head) {
  const auto [begin, end] = head.fields.equal_range("set-cookie");
  for (auto field = begin; field != end; ++field) {
    const std::string_view pair = trimmed(std::string_view(field->second).substr(0, field->second.find(';')));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    std::string name(pair.substr(0, equals));
    if (cookies_.size() < max_cookies || cookies_.contains(name)) cookies_[name] = pair.substr(equals + 1);
  }
}

void HttpChannel::choose_body(const HttpHead& head) {
  first_chunk_ = true;
  left_ = 0;
  if (head.has_word("transfer-encoding", "chunked")) {
    body_ = Body::chunked;
  } else if (const std::string length = head.field("content-length"); !length.empty()) {
    const auto size = number<std::uint64_t>(length, 10);
    if (!size || *size > max_message_bytes) throw malformed("an answer of the server has " + length + " bytes");
    body_ = Body::sized;
    left_ = *size;
  } else {
    body_ = Body::until_close;
    close_after_ = true;
  }
}

void HttpChannel::refuse(const HttpHead& head) {
  const std::string said = "HTTP status " + std::to_string(head.status) +
                           (head.reason.empty() ? "" : " (" + core::shown_text(head.reason, 200) + ')');
  stream_.reset();
  end_body();
  if (head.status == 401 || head.status == 403) {
    const auto [begin, end] = head.fields.equal_range("www-authenticate");
    const bool kerberos = std::any_of(
        begin, end, [](const auto& field) { return core::lower_ascii(field.second).starts_with("negotiate"); });
    throw Failure(Kind::denied, "the server refused the login: " + said,
                  kerberos ? "The server wants Kerberos, which the connector speaks with transport \"binary\" only."
                           : "Check username and password.");
  }
  if (head.status >= 300 && head.status < 400) {
    throw Failure(Kind::mismatch, "the server answers with a redirect: " + said,
                  "Redirects are not followed: give server, port and http_path of the HiveServer2 itself.");
  }
  if (head.status == 404 || head.status == 405) {
    throw Failure(Kind::mismatch, said, "Check http_path: it is hive.server2.thrift.http.path of the server.");
  }
  // 502, 503 and 504 of a gateway pass.
  throw Failure(Kind::lost, said);
}

void HttpChannel::begin_answer() {
  bool asked_again = false;
  for (int interim = 0;;) {
    const HttpHead head = read_head();
    if (head.status >= 100 && head.status < 200) {
      if (++interim > max_interim_answers) throw malformed("the server's answer does not begin");
      continue;
    }
    if (head.has_word("connection", "close")) close_after_ = true;
    // The cookie that stands for the login may have expired; name and password count then.
    if (head.status == 401 && !cookies_.empty() && !asked_again) {
      asked_again = true;
      cookies_.clear();
      stream_.reset();
      post();
      continue;
    }
    keep_cookies(head);
    if (head.status != 200) refuse(head);
    choose_body(head);
    answer_begun_ = known_ = true;
    request_.clear();
    return;
  }
}

/// Reads the end of a body whose message is complete.
void HttpChannel::read_last_chunk() {
  read_line();
  if (trimmed(read_line()) != "0") return;
  for (std::size_t bytes = 0; bytes < max_head_bytes;) {
    const std::string line = read_line();
    if (line.empty()) return end_body();
    bytes += line.size();
  }
}

std::span<char> HttpChannel::take(std::size_t at_most) {
  if (begin_ == end_) fill();
  const std::size_t size = std::min(at_most, end_ - begin_);
  const std::span<char> bytes(buffer_.get() + begin_, size);
  begin_ += size;
  return bytes;
}

std::span<char> HttpChannel::receive() {
  if (!answer_begun_) begin_answer();
  switch (body_) {
    case Body::none:
      break;
    case Body::until_close:
      return take(read_bytes);
    case Body::sized:
      if (left_ == 0) break;
      {
        const auto bytes = take(left_);
        left_ -= bytes.size();
        if (left_ == 0) end_body();
        return bytes;
      }
    case Body::chunked:
      if (left_ == 0) {
        if (!first_chunk_) read_line();  // the end of the line behind the last chunk
        first_chunk_ = false;
        const std::string line = read_line();
        const auto size = number<std::uint64_t>(trimmed(std::string_view(line).substr(0, line.find(';'))), 16);
        if (!size || *size > max_message_bytes) throw malformed("a chunk of the server's answer has no size");
        left_ = *size;
        if (left_ == 0) break;
      }
      const auto bytes = take(left_);
      left_ -= bytes.size();
      return bytes;
  }
  throw malformed("the server's answer ends in the middle");
}

}  // namespace connector::hive
