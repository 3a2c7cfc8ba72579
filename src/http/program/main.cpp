// The program connector-http: the Import API before a database that has the extension.
#include <iostream>

#include "http/database/database.hpp"
#include "http/database/notifications.hpp"
#include "http/events/notice.hpp"
#include "http/program/options.hpp"
#include "http/server/client_connection.hpp"

namespace connector::http {

namespace {

Task<> tidy_again_and_again(Services& services) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(std::chrono::seconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    services.pool.tidy();
    services.keys.tidy();
    services.log_in.tidy();
  }
}

/// A key that is said to be revoked is looked at anew: any role can notify.
void heard(Services& services, const std::string& payload) {
  const std::optional<Notice> notice = read_notice(payload);
  if (notice && notice->kind == Notice::api_key) {
    services.keys.forget(notice->id);
    services.pool.forget_key(notice->id);
    services.events.check_key(notice->id);
  }
  services.events.heard(payload);
}

/// What was told before the program began to listen, it may have missed.
void began_to_listen(Services& services) {
  services.keys.forget_all();
  services.events.reset();
  services.events.check_all();
}

Task<> listen(asio::ip::tcp::acceptor& acceptor, const Settings& settings, Services& services) {
  for (;;) {
    asio::ip::tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), settings, services), asio::detached);
  }
}

int run(const Options& options) {
  clear_libpq_environment();
  const Database database = read_conninfo(options.conninfo);
  const Settings& settings = options.settings;
  Pool pool(database, settings.superusers_allowed, {});
  asio::io_context context(1);
  IssuedKeys keys(database);
  LogIn log_in(pool, keys,
               {.user_from_host = settings.user_from_host, .requests_per_second = settings.requests_per_second});
  EventHub events(context.get_executor(), pool);
  Counters counters;
  Services services{.database = database,
                    .pool = pool,
                    .query_passwords = settings.query_passwords,
                    .keys = keys,
                    .log_in = log_in,
                    .events = events,
                    .counters = counters};
  Notifications notifications(
      database, [&](const std::string& payload) { heard(services, payload); }, [&] { began_to_listen(services); });
  asio::co_spawn(context, notifications.run(), asio::detached);
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::make_address(settings.address), settings.port});
  asio::co_spawn(context, listen(acceptor, settings, services), asio::detached);
  asio::co_spawn(context, tidy_again_and_again(services), asio::detached);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](error_code /*error*/, int /*number*/) { context.stop(); });
  std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
  context.run();
  return 0;
}

}  // namespace

}  // namespace connector::http

int main(int count, char** arguments) {
  try {
    const connector::http::Options options = connector::http::read_options(count, arguments);
    if (options.help || options.version) {
      std::cout << (options.help ? connector::http::help_text() : connector::http::version_text());
      return 0;
    }
    return connector::http::run(options);
  } catch (const std::exception& error) {
    std::cerr << "connector-http: " << error.what() << "\nTry connector-http --help.\n";
    return 1;
  }
}
