#include "http/server/reply_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "core/base/utf8.hpp"
#include "http/server/beast.hpp"

namespace connector::http {

namespace {

/// Strict-Transport-Security is not among them: it would hold for all ports of the host, about which this program knows
/// nothing. Who serves the host decides it, mostly the proxy in front.
constexpr std::array<std::pair<const char*, const char*>, 4> of_all = {
    {{"Cache-Control", "no-store"},
     {"Referrer-Policy", "no-referrer"},
     {"X-Content-Type-Options", "nosniff"},
     {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"}}};

bool has(const Reply& reply, const std::string& name) {
  return std::any_of(reply.headers.begin(), reply.headers.end(),
                     [&](const auto& header) { return core::lower_ascii(header.first) == core::lower_ascii(name); });
}

/// Names of days and months are English, whatever the locale.
std::string date() {
  constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> rest;
  const std::size_t length = std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &utc);
  const std::string day = std::to_string(utc.tm_mday);
  return std::string(days.at(static_cast<std::size_t>(utc.tm_wday))) + ", " + (day.size() == 1 ? "0" : "") + day + ' ' +
         months.at(static_cast<std::size_t>(utc.tm_mon)) + std::string(rest.data(), length);
}

void add(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += ": ";
  // A line break would begin another header: nothing that a value may have.
  std::copy_if(value.begin(), value.end(), std::back_inserter(text),
               [](char c) { return static_cast<unsigned char>(c) >= ' ' || c == '\t'; });
  text += "\r\n";
}

}  // namespace

std::string reply_text(const Reply& reply, const ReplyForm& form) {
  const beast::string_view reason = beast::http::obsolete_reason(static_cast<beast::http::status>(reply.status));
  std::string text =
      "HTTP/1.1 " + std::to_string(reply.status) + ' ' + std::string(reason.data(), reason.size()) + "\r\n";
  add(text, "Date", date());
  const bool has_body = reply.status != 204 && reply.status != 304;
  if (form.framing != Framing::length) {
    add(text, "Content-Type", "text/event-stream");
    if (form.framing == Framing::chunks) add(text, "Transfer-Encoding", "chunked");
  } else if (has_body) {
    if (!reply.body.empty()) add(text, "Content-Type", reply.content_type);
    add(text, "Content-Length", std::to_string(reply.body.size()));
  }
  for (const auto& [name, value] : of_all) {
    if (!has(reply, name)) add(text, name, value);
  }
  for (const auto& [name, value] : reply.headers) add(text, name, value);
  if (!form.keep_alive) {
    add(text, "Connection", "close");
  } else if (form.is_1_0) {
    add(text, "Connection", "keep-alive");
  }
  text += "\r\n";
  if (form.framing == Framing::length && has_body && !form.head) text += reply.body;
  return text;
}

Reply no_memory_reply() {
  Reply reply = error_reply(503, "there are too many long requests and answers");
  reply.headers.emplace_back("Retry-After", "5");
  return reply;
}

std::string chunk_text(std::string_view piece) {
  std::array<char, 16> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16);
  std::string text(digits.data(), end);
  text += "\r\n";
  text += piece;
  text += "\r\n";
  return text;
}

}  // namespace connector::http
