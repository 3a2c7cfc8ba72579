// The speed limit of the driver: fetches a query's rows by db-lib and throws them away.
//
// Usage: raw_fetch_sqlserver HOST:PORT USER DATABASE QUERY, with the password in the environment variable
// RAW_FETCH_PASSWORD. Prints rows and seconds.
#include <sybfront.h>
#include <sybdb.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "raw_fetch_sqlserver: %s failed\n", what);
  std::exit(1);
}

int on_message(DBPROCESS*, DBINT number, int, int severity, char* text, char*, char*, int) {
  if (severity > 10) std::fprintf(stderr, "%d: %s\n", static_cast<int>(number), text);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) fail("reading HOST:PORT USER DATABASE QUERY");
  if (dbinit() == FAIL) fail("dbinit");
  dbmsghandle(&on_message);
  LOGINREC* login = dblogin();
  DBSETLUSER(login, argv[2]);
  DBSETLPWD(login, std::getenv("RAW_FETCH_PASSWORD"));
  DBSETLDBNAME(login, argv[3]);
  DBSETLCHARSET(login, "UTF-8");
  DBSETLPACKET(login, 16383);
  DBPROCESS* session = dbopen(login, argv[1]);
  if (session == nullptr) fail("connecting");

  const auto started = std::chrono::steady_clock::now();
  if (dbcmd(session, argv[4]) == FAIL || dbsqlexec(session) == FAIL || dbresults(session) != SUCCEED) fail("the query");
  unsigned long long rows = 0;
  while (dbnextrow(session) == REG_ROW) ++rows;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf("%llu %.6f\n", rows, took.count());
  return 0;
}
