#include "http/server/client_connection.hpp"

#include <algorithm>
#include <exception>

#include "http/server/access_log.hpp"
#include "http/server/answer.hpp"
#include "http/server/client_channel.hpp"
#include "http/server/client_events.hpp"
#include "http/server/client_watch.hpp"
#include "http/server/reply_text.hpp"
#include "http/server/request_reader.hpp"

namespace connector::http {

namespace {

/// The status that the access log has where the client left before there was an answer.
constexpr unsigned client_left = 499;

/// What all requests of one connection have.
struct Connection {
  ClientChannel& channel;
  const Settings& settings;
  Services& services;
  const Clients& clients;
  ClientPlace client;
};

/// IPv4 within IPv6, as a listener of both has it, is IPv4.
asio::ip::address plain_address(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

/// Sends the answer. False if the connection is of no use any more.
Task<bool> send(const Connection& connection, Reply reply, ReplyForm form, AccessEntry& entry) {
  ByteBudget::Share memory;
  if (!connection.channel.memory().take(reply.body.size(), memory)) reply = no_memory_reply();
  entry.status = reply.status;
  const std::string text = reply_text(reply, form);
  reply = Reply();  // a slow reader holds it once, not twice
  connection.channel.allow(connection.settings.answer_timeout);
  const bool sent = co_await connection.channel.write(text);
  connection.channel.allow_any_time();
  entry.bytes = text.size();
  co_return sent;
}

/// Has the request answered while the client is watched. False if the connection is of no use any more.
Task<bool> answer_watched(const Connection& connection, const Request& request, ReplyForm form, AccessEntry& entry) {
  Stop stop;
  ClientEvents events(connection.channel, form, connection.settings.event_timeout);
  ClientWatch watch(connection.channel, stop, co_await asio::this_coro::executor);
  Answer answered;
  std::exception_ptr failure;
  watch.begin();
  try {
    answered = co_await answer(request, connection.settings, connection.services, events, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await watch.end();
  if (failure) std::rethrow_exception(failure);
  entry.user = answered.user;
  entry.route = answered.route;
  if (events.begun()) {
    co_await events.end();
    entry.status = events.status();
    entry.bytes = events.bytes();
    co_return false;
  }
  if (watch.client_gone()) {
    // Its call was stopped: there is nothing true to tell a client that has only closed its sending side.
    entry.status = client_left;
    co_return false;
  }
  if (connection.clients.closing()) form.keep_alive = false;
  const bool sent = co_await send(connection, std::move(answered.reply), form, entry);
  co_return sent&& form.keep_alive;
}

/// Reads one request and answers it. False if it was the last.
Task<bool> serve_one(const Connection& connection) {
  ClientChannel& channel = connection.channel;
  channel.phase = Client::Phase::waiting;
  channel.since = Clock::now();
  IncomingRequest incoming;
  std::optional<Request> request;
  std::optional<Reply> refused;
  bool is_whole = false;
  try {
    if (!co_await incoming.read(channel, connection.settings)) co_return false;
    is_whole = true;
    request = incoming.request(connection.client);
  } catch (Refusal& refusal) {
    refused = std::move(refusal.reply);
  }
  channel.phase = Client::Phase::working;
  AccessEntry entry{.address = incoming.client_address(connection.client),
                    .method = incoming.method_name(),
                    .begun = incoming.begun()};
  const ReplyForm form{.head = incoming.is_head(),
                       .keep_alive = is_whole && incoming.keep_alive() && !connection.clients.closing(),
                       .is_1_0 = incoming.is_1_0()};
  bool goes_on = false;
  if (refused) {
    connection.services.counters.count({}, entry.method, refused->status);
    const bool sent = co_await send(connection, std::move(*refused), form, entry);
    goes_on = sent && form.keep_alive;
  } else {
    goes_on = co_await answer_watched(connection, *request, form, entry);
  }
  if (!connection.settings.quiet) log_access(entry);
  co_return goes_on;
}

/// Counts a connection as long as it is there.
class Counted {
 public:
  explicit Counted(std::size_t& count) noexcept : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::size_t& count_;
};

}  // namespace

Task<> serve(asio::ip::tcp::socket socket, TlsContext tls, const Settings& settings, Services& services,
             Clients& clients) {
  error_code error;
  const asio::ip::address peer = plain_address(socket.remote_endpoint(error).address());
  if (error) co_return;
  const Counted counted(services.counters.connections);
  const std::string name = peer.to_string();
  const bool is_proxy = std::count(settings.trusted_proxies.begin(), settings.trusted_proxies.end(), name) != 0;
  ClientChannel channel(std::move(socket), std::move(tls), peer, is_proxy, clients);
  if (channel.stream.is_tls() && channel.accepted()) {
    channel.allow(settings.handshake_timeout);
    if (!co_await channel.handshake()) co_return;
  }
  if (!channel.accepted()) {
    if (channel.stream.is_tls()) co_return;
    ReplyForm last;
    const std::string text = reply_text(error_reply(503, "there are too many connections"), last);
    co_await channel.write(text);
    co_return;
  }
  const Connection connection{
      .channel = channel,
      .settings = settings,
      .services = services,
      .clients = clients,
      .client = {.peer = name,
                 .is_proxy = is_proxy,
                 .has_tls = channel.stream.is_tls(),
                 .listens_on_loopback = asio::ip::make_address(settings.address).is_loopback()}};
  while (co_await serve_one(connection)) {
  }
  co_await channel.finish();
}

}  // namespace connector::http
