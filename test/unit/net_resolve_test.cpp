#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <thread>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/net/name_service.hpp"

namespace connector::core {
namespace {

constexpr auto wait_limit = std::chrono::seconds(60);

Deadline soon() {
  return std::chrono::steady_clock::now() + wait_limit;
}

/// A name server on loopback. Names that start with "nx" do not exist, others have two IPv4 addresses and, if they
/// start with "both", an IPv6 address. It can also keep silent.
class NameServer {
 public:
  explicit NameServer(bool silent = false) : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    if (!silent) thread_ = std::thread([this] { serve(); });
  }
  ~NameServer() {
    if (thread_.joinable()) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port_);
      const int sender = socket(AF_INET, SOCK_DGRAM, 0);
      sendto(sender, "stop", 4, 0, reinterpret_cast<sockaddr*>(&address), sizeof address);
      close(sender);
      thread_.join();
    }
    close(socket_);
  }

  std::string server() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    for (;;) {
      char question[512];
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const auto length = recvfrom(socket_, question, sizeof question, 0, reinterpret_cast<sockaddr*>(&peer), &size);
      if (length < 17) return;
      const std::string answer = answer_to({question, static_cast<std::size_t>(length)});
      sendto(socket_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&peer), size);
    }
  }

  static std::string answer_to(const std::string& question) {
    std::size_t end = 12;
    while (question[end] != 0) end += static_cast<unsigned char>(question[end]) + 1u;
    const char type = question[end + 2];
    const std::string name = question.substr(13, static_cast<unsigned char>(question[12]));
    std::string records;
    char count = 0;
    const auto add = [&](std::string_view data) {
      records += std::string("\xc0\x0c\0", 3) + type + std::string("\0\1\0\0\0\x3c\0", 7) +
                 static_cast<char>(data.size()) + std::string(data);
      ++count;
    };
    const bool exists = !name.starts_with("nx");
    if (exists && type == 1) {
      add(std::string_view("\xc0\x00\x02\x0a", 4));
      add(std::string_view("\xc0\x00\x02\x0b", 4));
    }
    if (name.starts_with("both") && type == 28) {
      add(std::string_view("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16));
    }
    return question.substr(0, 2) + (exists ? "\x81\x80" : "\x81\x83") + std::string("\0\1\0", 3) + count +
           std::string("\0\0\0\0", 4) + question.substr(12, end + 5 - 12) + records;
  }

  int socket_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::set<std::string> texts(const std::vector<Address>& addresses) {
  std::set<std::string> result;
  for (const Address& address : addresses) result.insert(address.text());
  return result;
}

/// Throws Interrupted at the wait of this number.
class InterruptedWait : public Wait {
 public:
  explicit InterruptedWait(int calls) : calls_(calls) {}
  bool wait(std::span<WaitSocket> sockets, Deadline deadline) override {
    if (calls_-- == 0) throw Interrupted();
    return poll_.wait(sockets, deadline);
  }
  void check() override {
    if (calls_ < 0) throw Interrupted();
  }

 private:
  int calls_;
  PollWait poll_;
};

TEST(Resolve, NumericAddressesAsTheyAre) {
  PollWait wait;
  for (const char* text : {"192.0.2.1", "::1", "2001:db8::7"}) {
    const auto addresses = resolve("mysql", text, 3306, wait, soon());
    ASSERT_EQ(addresses.size(), 1u);
    EXPECT_EQ(addresses[0].text(), text);
  }
  EXPECT_EQ(resolve("mysql", "[2001:db8::7]", 3306, wait, soon())[0].text(), "2001:db8::7");
  const auto scoped = resolve("mysql", "fe80::1%7777", 3306, wait, soon());
  EXPECT_EQ(scoped[0].scope_id, 7777u);
}

TEST(Resolve, TheHostsFile) {
  PollWait wait;
  const auto found = texts(resolve("mysql", "localhost", 3306, wait, soon()));
  EXPECT_TRUE(found.contains("127.0.0.1") || found.contains("::1"));
}

TEST(Resolve, WhatIsNoNameIsAnErrorAtOnce) {
  PollWait wait;
  for (const std::string& name : {std::string(), std::string(300, 'a'), std::string("a\0b", 3)}) {
    try {
      resolve("mysql", name, 3306, wait, soon());
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.number(), ErrorNumber::cannot_connect);
      EXPECT_EQ(error.parameter(), "connection.server");
      EXPECT_TRUE(error.message().ends_with(", port 3306: could not resolve the host name: not a host name"))
          << error.what();
      EXPECT_EQ(error.detail(), "Provider mysql, phase connect.\nConnector error 1012.");
    }
  }
}

TEST(Resolve, ADeadlineThatHasPassedIsAnError) {
  InterruptedWait unused(1000);
  try {
    // Should the name be answered without a wait, that is an error as well.
    resolve("mysql", "nosuchhost.invalid", 1, unused, std::chrono::steady_clock::now());
    FAIL();
  } catch (const Error& error) {
    const bool timed_out = error.message().find("timed out while resolving") != std::string::npos;
    EXPECT_EQ(error.number(), timed_out ? ErrorNumber::timed_out : ErrorNumber::cannot_connect);
    EXPECT_EQ(error.message().find("could not connect to server \"nosuchhost.invalid\", port 1: "), 0u);
  }
}

TEST(Resolve, AnInterruptBeforeTheStartIsSeen) {
  InterruptedWait wait(-1);
  EXPECT_THROW(resolve("mysql", "192.0.2.1", 1, wait, soon()), Interrupted);
}

TEST(ResolveAllowed, GivesWhatTheRulesAllow) {
  PollWait wait;
  const auto allowed = [&](const char* server, std::string_view hosts, bool trusted) {
    return resolve_allowed("mysql", server, 3306, AddressRules(hosts, trusted), wait, soon());
  };
  EXPECT_EQ(allowed("192.0.2.1", "", false).size(), 1u);
  EXPECT_FALSE(allowed("localhost", "", true).empty());
  EXPECT_FALSE(allowed("localhost", "localhost", false).empty());
  for (const char* server : {"127.0.0.1", "localhost", "::1", "169.254.169.254"}) {
    try {
      allowed(server, "", false);
      FAIL() << server;
    } catch (const Error& error) {
      EXPECT_EQ(error.number(), ErrorNumber::cannot_connect);
      EXPECT_NE(error.message().find("is not allowed"), std::string::npos) << error.what();
    }
  }
}

TEST(NameService, AnswersWithAllAddressesOnce) {
  const NameServer server;
  PollWait wait;
  EXPECT_EQ(texts(ask_name_service("db.test", wait, soon(), server.server()).addresses),
            (std::set<std::string>{"192.0.2.10", "192.0.2.11"}));
  const auto both = ask_name_service("both.test", wait, soon(), server.server());
  EXPECT_EQ(texts(both.addresses), (std::set<std::string>{"192.0.2.10", "192.0.2.11", "2001:db8::1"}));
  EXPECT_EQ(both.addresses.size(), 3u);
  EXPECT_EQ(both.failure, "");
}

TEST(NameService, SaysWhyThereIsNoAddress) {
  const NameServer server;
  PollWait wait;
  const auto answer = ask_name_service("nx.test", wait, soon(), server.server());
  EXPECT_TRUE(answer.addresses.empty());
  EXPECT_EQ(answer.failure, "Domain name not found");
}

TEST(NameService, GivesUpAtTheDeadline) {
  const NameServer server(/*silent=*/true);
  PollWait wait;
  const auto answer = ask_name_service(
      "db.test", wait, std::chrono::steady_clock::now() + std::chrono::milliseconds(30), server.server());
  EXPECT_TRUE(answer.addresses.empty());
  EXPECT_EQ(answer.failure, "");
}

TEST(NameService, AnInterruptLeavesNothingBehind) {
  const NameServer server(/*silent=*/true);
  for (int i = 0; i < 3; ++i) {
    InterruptedWait wait(0);  // with the question on its way
    EXPECT_THROW(ask_name_service("db.test", wait, soon(), server.server()), Interrupted);
  }
}

TEST(NameService, ARefusingServerIsAFailureNotAHang) {
  std::string nobody;
  {
    const NameServer server;
    nobody = server.server();  // its port is closed when it is asked
  }
  PollWait wait;
  const auto answer = ask_name_service("db.test", wait, soon(), nobody);
  EXPECT_TRUE(answer.addresses.empty());
  EXPECT_NE(answer.failure, "");
}

}  // namespace
}  // namespace connector::core
