// The program connector-http: the Import API before a database that has the extension.
#include <algorithm>
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

/// The loop with all coroutines in it, each of which has references to what was made after it.
class Loop : public asio::io_context {
 public:
  Loop() : asio::io_context(1) {}

  /// Ends all coroutines where they wait, those that nobody waits for included: to be called while all that they use is
  /// there. Nothing runs in the loop afterwards.
  void end_all() { shutdown(); }
};

/// A key that is said to be revoked is looked at anew: any role can notify.
void heard(Services& services, const std::string& payload) {
  const std::optional<Notice> notice = read_notice(payload);
  if (!notice) return;
  if (notice->kind == Notice::api_key) {
    services.keys.forget(notice->id);
    services.pool.forget_key(notice->id);
    services.events.check_key(notice->id);
  }
  services.events.heard(*notice);
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
  Loop context;
  Pool::Limits limits;
  limits.sessions = settings.most_sessions;
  limits.sessions_of_role = std::min(limits.sessions_of_role, limits.sessions);
  Pool pool(options.database, settings.superusers_allowed, limits);
  const Database& database = options.database;
  IssuedKeys keys(database);
  BrowserSessions sessions{{}};
  LogIn log_in(pool, keys, sessions,
               {.user_from_host = settings.user_from_host, .requests_per_second = settings.requests_per_second});
  EventHub events(context.get_executor(), pool, settings.most_streams);
  Counters counters;
  Services services{.database = database,
                    .pool = pool,
                    .query_passwords = settings.query_passwords,
                    .keys = keys,
                    .sessions = sessions,
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
  std::cout << std::flush;
  std::clog << std::flush;
  // The system's resolver can't be stopped, and may take much longer than the end of a program should.
  if (database.addresses->asking()) std::_Exit(0);
  context.end_all();
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
