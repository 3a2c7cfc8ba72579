#include "http/server/client_connection.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "http/message/target.hpp"
#include "http/server/answer.hpp"

namespace connector::http {

namespace {

namespace beast_http = beast::http;
using Parser = beast_http::request_parser<beast_http::string_body>;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
    case beast_http::verb::head:
      return Method::get;
    case beast_http::verb::post:
      return Method::post;
    case beast_http::verb::put:
      return Method::put;
    case beast_http::verb::delete_:
      return Method::delete_;
    default:
      throw Refusal{error_reply(405, "there is no such method")};
  }
}

/// Throws Refusal for what is no request that a route can be asked.
Request request_of(const Parser::value_type& message, const asio::ip::tcp::endpoint& peer) {
  Target target = read_target(text_of(message.target()));
  Request request{.method = method_of(message.method()),
                  .head = message.method() == beast_http::verb::head,
                  .path = std::move(target.path),
                  .path_user = std::move(target.path_user),
                  .query = std::move(target.query),
                  .host = text_of(message[beast_http::field::host]),
                  .authorization = std::nullopt,
                  .if_none_match = std::nullopt,
                  .body = {},
                  .address = peer.address().to_string()};
  if (message.count("Last-Event-ID") != 0) request.last_event_id = text_of(message["Last-Event-ID"]);
  if (message.count(beast_http::field::authorization) != 0) {
    request.authorization = text_of(message[beast_http::field::authorization]);
  }
  if (message.count(beast_http::field::if_none_match) != 0) {
    request.if_none_match = text_of(message[beast_http::field::if_none_match]);
  }
  const std::string& body = message.body();
  request.body.type = core::JsonValue::Type::object;
  if (body.find_first_not_of(" \t\r\n") != std::string::npos) {
    request.has_body = true;
    try {
      request.body = core::parse_json(body);
    } catch (const core::Error& error) {
      throw Refusal{error_reply(400, error.message())};
    }
    if (request.body.type != core::JsonValue::Type::object) {
      throw Refusal{error_reply(400, "the body must be a JSON object")};
    }
  }
  return request;
}

class NoStream final : public EventStream {
 public:
  Task<> begin(const Reply& /*head*/) override { co_return; }
  Task<> write(std::string /*text*/) override { co_return; }
};

Task<Reply> reply_to(const Parser::value_type& message, const asio::ip::tcp::endpoint& peer, const Settings& settings,
                     Services& services, Stop& stop) {
  NoStream stream;
  std::optional<Request> request;
  try {
    request = request_of(message, peer);
  } catch (Refusal& refusal) {
    co_return std::move(refusal.reply);
  }
  Answer answered = co_await answer(*request, settings, services, stream, stop);
  co_return std::move(answered.reply);
}

}  // namespace

Task<> serve(asio::ip::tcp::socket socket, const Settings& settings, Services& services) {
  error_code error;
  const asio::ip::tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) co_return;
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  for (;;) {
    Parser parser;
    parser.header_limit(16 * 1024);
    parser.body_limit(core::max_json_bytes);
    stream.expires_after(std::chrono::seconds(60));
    co_await beast_http::async_read(stream, buffer, parser, into(error));
    if (error) break;
    Stop stop;
    const Reply reply = co_await reply_to(parser.get(), peer, settings, services, stop);
    beast_http::response<beast_http::string_body> response(static_cast<beast_http::status>(reply.status),
                                                           parser.get().version());
    response.keep_alive(parser.keep_alive());
    if (!reply.body.empty()) response.set(beast_http::field::content_type, reply.content_type);
    response.set(beast_http::field::cache_control, "no-store");
    for (const auto& [name, value] : reply.headers) response.set(name, value);
    response.body() = reply.body;
    response.prepare_payload();
    stream.expires_after(std::chrono::seconds(60));
    co_await beast_http::async_write(stream, response, into(error));
    if (error || !parser.keep_alive()) break;
  }
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, error);
}

}  // namespace connector::http
