// Redirects the calls of whichever FreeTDS library it is loaded with, and logs in to a server through it:
//   redirected_calls SERVER PORT DATABASE USERNAME PASSWORD
// Prints the library's version, a line for each call and the number of its slots, and "waits yes" if the library waited
// through core::Wait.
#include <iostream>
#include <map>
#include <string>

#include "core/base/error.hpp"
#include "core/net/wait.hpp"
#include "core/remote/registry.hpp"
#include "drivers/sqlserver/freetds/library.hpp"
#include "drivers/sqlserver/freetds/redirected_calls.hpp"
#include "drivers/sqlserver/provider.hpp"

namespace {

using namespace connector;

class CountingWait final : public core::Wait {
 public:
  using core::Wait::wait;
  bool wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) override {
    ++waits;
    return poll_.wait(sockets, deadline);
  }
  void check() override {}

  int waits = 0;

 private:
  core::PollWait poll_;
};

}  // namespace

int main(int count, char** arguments) try {
  if (count != 6) return 2;
  std::cout << sqlserver::library_version() << '\n';
  for (const sqlserver::RedirectedCall& call : sqlserver::redirect_library_calls("dbinit")) {
    std::cout << call.name << ' ' << call.slots << '\n';
  }
  const core::Provider& provider = sqlserver::provider();
  const core::ConnectionOptions options = core::with_defaults(provider.info(), {{"server", arguments[1]},
                                                                                {"port", arguments[2]},
                                                                                {"database", arguments[3]},
                                                                                {"username", arguments[4]},
                                                                                {"password", arguments[5]}});
  const std::map<std::string, std::string> session;
  const core::AddressRules rules("", true);
  CountingWait wait;
  const auto connection =
      provider.connect({.options = options, .session = session, .address_rules = rules, .wait = wait, .trusted = true});
  connection->check();
  std::cout << "waits " << (wait.waits > 0 ? "yes" : "no") << '\n';
} catch (const core::Error& error) {
  std::cerr << error.message() << '\n' << error.detail() << '\n';
  return 1;
}
