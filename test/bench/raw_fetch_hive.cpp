// The speed limit of the driver: fetches a query's rows with its Thrift client, a piece after the other as large as the
// driver's, and throws them away.
//
// Usage: raw_fetch_hive PORT DATABASE QUERY, for a server on 127.0.0.1 that lets everybody in. Prints rows and seconds.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "drivers/hive/session.hpp"
#include "drivers/hive/cursor.hpp"

using namespace connector;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: raw_fetch_hive PORT DATABASE QUERY\n");
    return 2;
  }
  hive::Login login;
  login.server = "127.0.0.1";
  login.port = std::atoi(argv[1]);
  login.database = argv[2];
  login.tls_mode = core::TlsMode::disable;
  core::Address address;
  address.family = AF_INET;
  inet_pton(AF_INET, login.server.c_str(), address.bytes);
  core::PollWait wait;
  const hive::Task task{core::Phase::fetch, "could not fetch"};
  try {
    hive::Session session(login, address, wait, core::no_deadline);
    const auto started = std::chrono::steady_clock::now();
    session.execute(argv[3], task);
    const std::size_t columns = session.result_schema(task).columns.size();
    hive::FetchSize size;
    hive::ResultRows rows;
    unsigned long long total = 0;
    do {
      session.ask_for_rows(size.rows(), task);
      session.read_rows(columns, rows, task);
      size.learn(rows.rows, rows.bytes);
      total += rows.rows;
    } while (rows.rows > 0);
    session.close_operation(task);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    std::printf("%llu %.6f\n", total, took.count());
  } catch (const core::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
