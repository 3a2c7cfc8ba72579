// Servers that never say a word, and callers that interrupt.
#pragma once

#include <algorithm>
#include <chrono>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/net/wait.hpp"

namespace connector::test {

/// A listening socket that accepts connections, in the kernel, and never says a word.
class SilentServer {
 public:
  SilentServer() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { close(socket_); }
  std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

/// Interrupts the n-th wait.
class InterruptedWait final : public core::Wait {
 public:
  explicit InterruptedWait(int waits) : waits_(waits) {}
  bool wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) override {
    if (waits_-- == 0) throw core::Interrupted{};
    return poll_.wait(sockets, std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
  }
  void check() override {}

 private:
  int waits_;
  core::PollWait poll_;
};

}  // namespace connector::test
