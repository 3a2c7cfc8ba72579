#include "drivers/sqlserver/browser.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net/dial.hpp"
#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

namespace connector::sqlserver {

namespace {

using std::chrono::steady_clock;

constexpr int browser_port = 1434;
constexpr std::chrono::seconds again_after{1};  // datagrams get lost
constexpr char ask_for_instance = 0x04;         // CLNT_UCAST_INST
constexpr char is_answer = 0x05;                // SVR_RESP
constexpr std::size_t answer_header_bytes = 3;

class UdpSocket {
 public:
  explicit UdpSocket(int family) : socket_(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~UdpSocket() {
    if (socket_ >= 0) close(socket_);
  }
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  int get() const noexcept { return socket_; }

  /// Only datagrams of this address are received from here on.
  bool connect_to(const core::Address& address) const noexcept {
    sockaddr_storage to;
    const socklen_t size = address.socket_address(browser_port, to);
    return connect(socket_, reinterpret_cast<const sockaddr*>(&to), size) == 0;
  }

 private:
  int socket_;
};

core::UnreachableError browser_error(core::ErrorNumber number, const std::string& server, const std::string& instance,
                                     std::string_view why) {
  const std::string summary =
      "could not find instance " + core::quoted(instance) + " of server " + core::quoted(server);
  return core::UnreachableError(core::remote_error(
      {.provider = "sqlserver",
       .phase = core::Phase::connect,
       .number = number,
       .summary = summary,
       .remote_message = why,
       .hint = "The service SQL Server Browser must run there and be reachable at UDP port 1434; or give the port "
               "instead of the instance.",
       .parameter = "connection.server"}));
}

std::string_view next_field(std::string_view& text) {
  const auto end = std::min(text.find(';'), text.size());
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

}  // namespace

std::optional<int> port_of_answer(std::string_view answer, std::string_view instance) {
  if (answer.size() < answer_header_bytes || answer[0] != is_answer) return std::nullopt;
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(answer[1])) |
                    static_cast<std::size_t>(static_cast<unsigned char>(answer[2])) << 8;
  std::string_view text = answer.substr(answer_header_bytes);
  if (text.size() != size) return std::nullopt;
  bool is_asked_for = false;
  while (!text.empty()) {
    const std::string_view name = next_field(text);
    if (name.empty()) {  // between instances
      is_asked_for = false;
      continue;
    }
    const std::string_view value = next_field(text);
    if (name == "InstanceName") is_asked_for = core::lower_ascii(value) == core::lower_ascii(instance);
    if (name != "tcp" || !is_asked_for) continue;
    int port = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), port);
    if (error == std::errc() && end == value.data() + value.size() && port >= 1 && port <= 65535) return port;
  }
  return std::nullopt;
}

int instance_port(const std::string& server, const std::string& instance, const core::Address& address,
                  core::Wait& wait, core::Deadline deadline) {
  const UdpSocket socket(address.family);
  if (socket.get() < 0 || !socket.connect_to(address)) {
    throw browser_error(core::ErrorNumber::cannot_connect, server, instance, std::strerror(errno));
  }
  const std::string question = ask_for_instance + instance + '\0';
  char answer[4096];  // the protocol's longest is 1024 bytes
  while (steady_clock::now() < deadline) {
    if (send(socket.get(), question.data(), question.size(), 0) < 0) {
      throw browser_error(core::ErrorNumber::cannot_connect, server, instance, std::strerror(errno));
    }
    const core::Deadline until = std::min<core::Deadline>(deadline, steady_clock::now() + again_after);
    while (wait.wait(socket.get(), core::wait_readable, until) != core::wait_none) {
      const ssize_t size = recv(socket.get(), answer, sizeof answer, 0);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (size < 0) throw browser_error(core::ErrorNumber::cannot_connect, server, instance, std::strerror(errno));
      const auto port = port_of_answer({answer, static_cast<std::size_t>(size)}, instance);
      if (port) return *port;
      if (steady_clock::now() >= until) break;  // a flood of other datagrams
    }
  }
  throw browser_error(core::ErrorNumber::timed_out, server, instance, "no answer from its browser service");
}

}  // namespace connector::sqlserver
