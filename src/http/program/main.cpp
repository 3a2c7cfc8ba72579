// The program connector-http: the Import API before a database that has the extension.
#include <cstdlib>
#include <iostream>

#include "http/database/notifications.hpp"
#include "http/events/notice.hpp"
#include "http/program/options.hpp"
#include "http/program/process.hpp"
#include "http/routes/table.hpp"
#include "http/server/server.hpp"

namespace connector::http {

namespace {

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

/// SIGTERM and SIGINT end the program, SIGHUP has it read files again.
Task<> obey(asio::signal_set& signals, Server& server) {
  for (;;) {
    const int number = co_await signals.async_wait(asio::use_awaitable);
    if (number != SIGHUP) break;
    server.reload();
  }
  server.stop();
}

int run(const Options& options) {
  const Settings& settings = options.settings;
  // Before all that has descriptors in its loop: they end before it does.
  asio::io_context context(1);
  Pool pool(options.database, settings.superusers_allowed, {});
  const Database& database = options.database;
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
                    .counters = counters,
                    .routes = all_routes()};
  Notifications notifications(
      database, [&](const std::string& payload) { heard(services, payload); }, [&] { began_to_listen(services); });
  asio::co_spawn(context, notifications.run(), asio::detached);
  Server server(context, settings, services);
  asio::signal_set signals(context, SIGINT, SIGTERM, SIGHUP);
  asio::co_spawn(context, obey(signals, server), asio::detached);
  server.start();
  std::cout << "listening on " << server.url() << std::endl;
  context.run();
  // A call that did not end in time refers to all of these, which must not be taken apart under it.
  if (!server.finished()) std::_Exit(0);
  return 0;
}

int main_of(int count, char** arguments) {
  try {
    prepare_process();
    clear_libpq_environment();
    const Options options = read_options(count, arguments);
    if (options.help || options.version) {
      std::cout << (options.help ? help_text() : version_text());
      return 0;
    }
    return run(options);
  } catch (const UsageError& error) {
    std::cerr << "connector-http: " << error.what() << " (see connector-http --help)\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "connector-http: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace

}  // namespace connector::http

int main(int count, char** arguments) {
  return connector::http::main_of(count, arguments);
}
