// The speed limit of the driver: fetches a query's rows by the binary protocol, as a stream, and throws them away.
//
// Usage: raw_fetch HOST PORT USER DATABASE QUERY, with the password in the environment variable RAW_FETCH_PASSWORD.
// Prints rows, bytes and seconds.
#include <mysql.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t largest_value = 1 << 20;

[[noreturn]] void fail(std::string_view what, const char* why) {
  std::fprintf(stderr, "raw_fetch: %.*s: %s\n", static_cast<int>(what.size()), what.data(), why);
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) fail("usage", "HOST PORT USER DATABASE QUERY");
  const std::unique_ptr<MYSQL, decltype(&mysql_close)> session(mysql_init(nullptr), &mysql_close);
  mysql_options(session.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const char* const password = std::getenv("RAW_FETCH_PASSWORD");
  const auto port = static_cast<unsigned>(std::atoi(argv[2]));
  if (!mysql_real_connect(session.get(), argv[1], argv[3], password, argv[4], port, nullptr, 0)) {
    fail("connect", mysql_error(session.get()));
  }

  const auto started = std::chrono::steady_clock::now();
  const std::unique_ptr<MYSQL_STMT, decltype(&mysql_stmt_close)> statement(mysql_stmt_init(session.get()),
                                                                           &mysql_stmt_close);
  MYSQL_STMT* const stmt = statement.get();
  const std::string_view query = argv[5];
  if (mysql_stmt_prepare(stmt, query.data(), query.size()) != 0) fail("prepare", mysql_stmt_error(stmt));
  if (mysql_stmt_execute(stmt) != 0) fail("execute", mysql_stmt_error(stmt));

  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> meta(mysql_stmt_result_metadata(stmt),
                                                                      &mysql_free_result);
  const unsigned count = mysql_num_fields(meta.get());
  const MYSQL_FIELD* const fields = mysql_fetch_fields(meta.get());
  std::vector<MYSQL_BIND> binds(count);
  std::vector<std::vector<char>> buffers(count);
  std::vector<unsigned long> lengths(count);
  std::vector<my_bool> nulls(count);
  for (unsigned i = 0; i < count; ++i) {
    buffers[i].resize(std::min<std::size_t>(std::max<std::size_t>(fields[i].length + 1, 64), largest_value));
    binds[i] = MYSQL_BIND{};
    binds[i].buffer_type = fields[i].type;  // as it comes: nothing is converted
    binds[i].buffer = buffers[i].data();
    binds[i].buffer_length = buffers[i].size();
    binds[i].length = &lengths[i];
    binds[i].is_null = &nulls[i];
  }
  if (count > 0 && mysql_stmt_bind_result(stmt, binds.data()) != 0) fail("bind", mysql_stmt_error(stmt));

  unsigned long long rows = 0;
  unsigned long long bytes = 0;
  for (;;) {
    const int status = mysql_stmt_fetch(stmt);
    if (status == MYSQL_NO_DATA) break;
    if (status == 1) fail("fetch", mysql_stmt_error(stmt));
    ++rows;
    for (unsigned i = 0; i < count; ++i) bytes += nulls[i] ? 0 : lengths[i];
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf("%llu %llu %.6f\n", rows, bytes, took.count());
  return 0;
}
