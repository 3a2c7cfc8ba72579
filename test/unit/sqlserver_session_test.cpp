// What can be seen of sessions without a server.
#include "drivers/sqlserver/session.hpp"

#include <csignal>
#include <cstring>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/remote/registry.hpp"
#include "drivers/sqlserver/freetds/library.hpp"
#include "drivers/sqlserver/provider.hpp"
#include "silent_server.hpp"

namespace connector::sqlserver {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::InterruptedWait;
using test::SilentServer;

void connect_to(const std::string& port, core::Wait& wait, std::chrono::seconds timeout) {
  const core::ConnectionOptions options = core::with_defaults(
      provider().info(),
      {{"server", "127.0.0.1"}, {"port", port}, {"database", "d"}, {"username", "u"}, {"password", "hidden-word"}});
  const core::AddressRules rules("", true);
  provider().connect({options, {}, rules, wait, timeout});
}

TEST(SqlServerLibrary, LeavesSignalsAlone) {
  struct sigaction before[NSIG], after;
  sigset_t mask_before, mask_after;
  for (int i = 1; i < NSIG; ++i) sigaction(i, nullptr, &before[i]);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  initialize_library();
  for (int i = 1; i < NSIG; ++i) {
    if (sigaction(i, nullptr, &after) != 0) continue;
    EXPECT_EQ(before[i].sa_handler, after.sa_handler) << i;
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  EXPECT_EQ(std::memcmp(&mask_before, &mask_after, sizeof(unsigned long)), 0);
}

TEST(SqlServerLibrary, HasAVersion) {
  EXPECT_EQ(library_version().rfind("freetds v1.", 0), 0U) << library_version();
}

TEST(SqlServerProvider, SilentServerTimesOut) {
  const SilentServer server;
  core::PollWait wait;
  const auto start = steady_clock::now();
  try {
    connect_to(server.port(), wait, std::chrono::seconds(1));
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::timed_out);
    EXPECT_EQ(error.message().find("hidden-word"), std::string::npos);
  }
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
}

TEST(SqlServerProvider, InterruptLeavesAtOnce) {
  const SilentServer server;
  InterruptedWait wait(0);
  const auto start = steady_clock::now();
  EXPECT_THROW(connect_to(server.port(), wait, std::chrono::seconds(10)), core::Interrupted);
  EXPECT_LT(steady_clock::now() - start, milliseconds(500));
}

TEST(SqlServerProvider, RefusedConnectionSaysWhy) {
  std::string port;
  {
    const SilentServer server;
    port = server.port();
  }
  core::PollWait wait;
  try {
    connect_to(port, wait, std::chrono::seconds(5));
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::cannot_connect);
    EXPECT_EQ(error.message(), "could not connect to server \"127.0.0.1\", port " + port + ": Connection refused");
    EXPECT_EQ(error.detail().find("Provider sqlserver, phase connect, native error"), 0U);
  }
}

TEST(SqlServerProvider, TheEnvironmentIsNotHeard) {
  const SilentServer server;
  for (const char* name : {"TDSHOST", "TDSPORT", "TDSVER", "TDSDUMP", "TDSDUMPCONFIG", "FREETDSCONF"}) {
    setenv(name, "/tmp/connector-must-not-be", 1);
  }
  core::PollWait wait;
  try {
    connect_to(server.port(), wait, std::chrono::seconds(1));
    ADD_FAILURE();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::timed_out) << error.message();  // it was this server
  }
  for (const char* name : {"TDSHOST", "TDSPORT", "TDSVER", "TDSDUMP", "TDSDUMPCONFIG", "FREETDSCONF"}) unsetenv(name);
  EXPECT_NE(access("/tmp/connector-must-not-be", F_OK), 0);
}

}  // namespace
}  // namespace connector::sqlserver
