// Reads requests from a client's connection.
#pragma once

#include "http/message/request.hpp"
#include "http/server/beast.hpp"
#include "http/server/byte_budget.hpp"
#include "http/server/client_channel.hpp"
#include "http/server/settings.hpp"

namespace connector::http {

/// From where a connection is, and how it came.
struct ClientPlace {
  std::string peer;  ///< its address
  bool is_proxy;     ///< one that is trusted
  bool has_tls;
  bool listens_on_loopback;
};

/// A request as it came, header and body.
class IncomingRequest {
 public:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  IncomingRequest();

  /// Reads it whole. False if the connection ended, or was idle for too long. Throws Refusal for what is no request, is
  /// too large or takes too long; the connection is of no use then.
  Task<bool> read(ClientChannel& channel, const Settings& settings);

  /// What routes are asked. Throws Refusal.
  Request request(const ClientPlace& client) const;

  /// The address that counts: the peer's, or what a proxy says of it in X-Forwarded-For.
  std::string client_address(const ClientPlace& client) const;

  bool keep_alive() const { return parser_.keep_alive(); }
  bool is_1_0() const { return parser_.is_header_done() && parser_.get().version() == 10; }
  bool is_head() const { return parser_.is_header_done() && parser_.get().method() == beast::http::verb::head; }
  /// The method, for the access log: `-` if it is none that has a name.
  std::string method_name() const;
  /// When the first byte of it was there.
  Clock::time_point begun() const noexcept { return begun_; }

 private:
  bool is_secure(const ClientPlace& client) const;
  Task<> read_header(ClientChannel& channel);
  void take_fields();
  Task<> read_body(ClientChannel& channel);

  Parser parser_;
  ByteBudget::Share memory_;  // of the body
  // Taken as soon as the header is there: a chunked body may end with more fields, which do not count.
  std::string host_;
  std::optional<std::string> authorization_;
  std::string type_;
  std::string forwarded_for_;
  std::optional<std::string> forwarded_proto_;
  std::optional<std::string> cookie_;
  std::optional<std::string> token_;
  std::optional<std::string> origin_;
  std::optional<std::string> fetch_site_;
  bool expects_ = false;
  Clock::time_point begun_ = Clock::now();
  bool ended_ = false;  // the connection, within the request
};

}  // namespace connector::http
