#include "http/server/request_reader.hpp"

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "http/message/forwarded.hpp"
#include "http/message/raw_header.hpp"
#include "http/message/target.hpp"
#include "http/routes/table.hpp"
#include "http/server/reply_text.hpp"

namespace connector::http {

namespace {

namespace beast_http = beast::http;

/// What chunks may have beside their contents, and trailers: Beast bounds neither.
constexpr std::size_t most_of_a_chunk_header = 16 * 1024;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

std::optional<Method> method_of(beast_http::verb verb) noexcept {
  switch (verb) {
    case beast_http::verb::get:
    case beast_http::verb::head:
      return Method::get;
    case beast_http::verb::post:
      return Method::post;
    case beast_http::verb::put:
      return Method::put;
    case beast_http::verb::delete_:
      return Method::remove;
    default:
      return std::nullopt;
  }
}

Refusal refusal(const error_code& error) {
  if (error == beast_http::error::body_limit) {
    return {error_reply(413, "the body is longer than " + std::to_string(core::max_json_bytes) + " bytes")};
  }
  return {error_reply(400, "the request is not HTTP: " + error.message())};
}

/// What reads requests of SQL says "connector JSON"; here the text is the body, of which the connector is a part.
std::string in_words_of_http(std::string message) {
  constexpr std::string_view words = "connector JSON";
  if (const std::size_t at = message.find(words); at != std::string::npos)
    message.replace(at, words.size(), "JSON body");
  return message;
}

core::JsonValue read_body_text(const std::string& body, std::string_view type) {
  if (core::lower_ascii(type).starts_with("multipart/")) {
    Json told = {{"errors", "files are not imported here"},
                 {"hint", "Send a JSON object with the key \"connector\", and Content-Type: application/json."}};
    throw Refusal{json_reply(told, 415)};
  }
  constexpr const char* hint = "Send a JSON object, and Content-Type: application/json.";
  core::JsonValue value;
  try {
    value = core::parse_json(body);
  } catch (const core::Error& error) {
    // What is wrong, and at which byte; there is none of the text in it, which may hold a password.
    Json told = {{"errors", in_words_of_http(error.message())}};
    if (!error.detail().empty()) told["detail"] = error.detail();
    told["hint"] = hint;
    throw Refusal{json_reply(told, 400)};
  }
  if (value.type != core::JsonValue::Type::object) {
    throw Refusal{json_reply({{"errors", "the body must be a JSON object"}, {"hint", hint}}, 400)};
  }
  return value;
}

}  // namespace

IncomingRequest::IncomingRequest() {
  parser_.eager(true);
  // The header was measured before Beast sees it.
  parser_.header_limit(2 * max_header_bytes);
  parser_.body_limit(core::max_json_bytes);
}

Task<bool> IncomingRequest::read(ClientChannel& channel, const Settings& settings) {
  channel.allow(settings.idle_timeout);
  // Awaited by statements of their own: g++ 12 makes wrong code of operands of && and || that are.
  if (channel.ahead.empty()) {
    const bool more = co_await channel.read_more();
    if (!more) co_return false;
  }
  // An empty line before a request is what some clients send behind the body of their last.
  if (channel.ahead.starts_with("\r\n")) channel.ahead.erase(0, 2);
  begun_ = Clock::now();
  channel.allow(settings.header_timeout);
  co_await read_header(channel);
  if (!ended_ && !parser_.is_done()) {
    channel.allow(settings.body_timeout);
    co_await read_body(channel);
  }
  channel.allow_any_time();
  if (ended_ && channel.expired() && !channel.left()) {
    throw Refusal{error_reply(408, "the request did not come in time")};
  }
  co_return !ended_;
}

Task<> IncomingRequest::read_header(ClientChannel& channel) {
  HeaderEnd end;
  std::size_t length = 0;
  while ((length = end.find(channel.ahead)) == 0) {
    const bool more = co_await channel.read_more();
    if (more) continue;
    ended_ = true;
    co_return;
  }
  check_header(std::string_view(channel.ahead).substr(0, length));
  error_code error;
  parser_.put(asio::buffer(channel.ahead.data(), length), error);
  channel.ahead.erase(0, length);
  if (error && error != beast_http::error::need_more) throw refusal(error);
  if (!parser_.is_header_done()) throw refusal(beast_http::error::bad_field);
  take_fields();
}

void IncomingRequest::take_fields() {
  const Parser::value_type& message = parser_.get();
  host_ = text_of(message[beast_http::field::host]);
  type_ = text_of(message[beast_http::field::content_type]);
  expects_ = message.count(beast_http::field::expect) != 0;
  // Of several the last: it is the nearest proxy's.
  const auto field_of = [&message](beast::string_view name) {
    std::optional<std::string> value;
    const auto [first, last] = message.equal_range(name);
    for (auto field = first; field != last; ++field) value = text_of(field->value());
    return value;
  };
  authorization_ = field_of("Authorization");
  forwarded_for_ = field_of("X-Forwarded-For").value_or("");
  forwarded_proto_ = field_of("X-Forwarded-Proto");
  cookie_ = field_of("Cookie");
  token_ = field_of("X-Connector-Token");
  origin_ = field_of("Origin");
  fetch_site_ = field_of("Sec-Fetch-Site");
}

Task<> IncomingRequest::read_body(ClientChannel& channel) {
  const boost::optional<std::uint64_t> length = parser_.content_length();
  const std::size_t most = length ? static_cast<std::size_t>(*length) : core::max_json_bytes;
  if (!channel.memory().take(most, memory_)) throw Refusal{no_memory_reply()};
  // A client that asks before it sends is told to go on; refused was it with the header.
  if (expects_ && !is_1_0() && channel.ahead.empty()) {
    const bool written = co_await channel.write("HTTP/1.1 100 Continue\r\n\r\n");
    ended_ = !written;
  }
  while (!ended_) {
    error_code error;
    if (!channel.ahead.empty()) {
      const std::size_t count = parser_.put(asio::buffer(channel.ahead.data(), channel.ahead.size()), error);
      channel.ahead.erase(0, count);
    }
    if (error && error != beast_http::error::need_more) throw refusal(error);
    if (parser_.is_done()) co_return;
    if (parser_.chunked() && channel.ahead.size() > most_of_a_chunk_header) {
      throw Refusal{error_reply(400, "the header or the trailer of a chunk is too long")};
    }
    const bool more = co_await channel.read_more();
    ended_ = !more;
  }
}

std::string IncomingRequest::method_name() const {
  if (!parser_.is_header_done() || parser_.get().method() == beast_http::verb::unknown) return "-";
  return text_of(beast_http::to_string(parser_.get().method()));
}

std::string IncomingRequest::client_address(const ClientPlace& client) const {
  std::string forwarded = client.is_proxy ? forwarded_address(forwarded_for_) : std::string();
  return forwarded.empty() ? client.peer : forwarded;
}

/// A proxy that is trusted knows how the client came; what others say of that is theirs.
bool IncomingRequest::is_secure(const ClientPlace& client) const {
  return client.is_proxy && forwarded_proto_ ? forwarded_by_tls(*forwarded_proto_) : client.has_tls;
}

Request IncomingRequest::request(const ClientPlace& client) const {
  const Parser::value_type& message = parser_.get();
  Target target = read_target(text_of(message.target()));
  const std::optional<Method> method = method_of(message.method());
  if (!method) {
    const Match match = find_route(Method::get, target.path);
    if (match.allowed.empty()) throw Refusal{{.status = 404}};
    throw Refusal{not_allowed_reply(match.allowed)};
  }
  if (parameter(target.query, "callback")) {
    throw Refusal{error_reply(400, "there is no JSONP here: the parameter callback is not supported")};
  }
  Request request{.method = *method,
                  .path = std::move(target.path),
                  .path_user = std::move(target.path_user),
                  .query = std::move(target.query),
                  .host = host_,
                  .authorization = authorization_,
                  .cookie = cookie_,
                  .token = token_,
                  .origin = origin_,
                  .sec_fetch_site = fetch_site_,
                  .body = {},
                  .address = client_address(client),
                  .is_secure = is_secure(client),
                  .listens_on_loopback = client.listens_on_loopback};
  const auto header = [&](beast::string_view name) {
    return message.count(name) != 0 ? std::optional(text_of(message[name])) : std::nullopt;
  };
  request.if_none_match = header("If-None-Match");
  request.last_event_id = header("Last-Event-ID");
  request.body.type = core::JsonValue::Type::object;
  if (message.body().find_first_not_of(" \t\r\n") != std::string::npos) {
    request.body = read_body_text(message.body(), type_);
  }
  return request;
}

}  // namespace connector::http
