#include "core/net/name_service.hpp"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "core/base/error.hpp"

namespace connector::core {

namespace {

[[noreturn]] void library_failed(const char* what, const char* why) {
  throw Error(ErrorNumber::cannot_connect, std::string("could not ") + what + ": " + why);
}

/// The sockets that c-ares has in use at a time.
class SocketSet {
 public:
  SocketSet() { sockets_.reserve(usual_sockets); }
  SocketSet(const SocketSet&) = delete;
  SocketSet& operator=(const SocketSet&) = delete;

  /// Called by c-ares whenever what it waits for changes; nothing at all before it closes a socket.
  static void changed(void* self, ares_socket_t fd, int readable, int writable) noexcept {
    std::vector<WaitSocket>& sockets = static_cast<SocketSet*>(self)->sockets_;
    const unsigned wanted = (readable ? wait_readable : wait_none) | (writable ? wait_writable : wait_none);
    const auto known = std::find_if(sockets.begin(), sockets.end(), [=](const WaitSocket& s) { return s.fd == fd; });
    if (wanted == wait_none) {
      if (known != sockets.end()) sockets.erase(known);
    } else if (known != sockets.end()) {
      known->wanted = wanted;
    } else {
      try {
        sockets.push_back({fd, wanted});
      } catch (const std::bad_alloc&) {  // c-ares asks again when nothing comes
      }
    }
  }

  /// Waits until one of the sockets is ready or `deadline` has passed.
  void wait(Wait& wait, Deadline deadline) { wait.wait(sockets_, deadline); }

  /// Lets c-ares work on the sockets that are ready and on questions that are due again.
  void process(ares_channel channel) {
    const std::vector<WaitSocket> waited = sockets_;  // which change meanwhile
    bool any = false;
    for (const WaitSocket& socket : waited) {
      if (socket.ready == wait_none) continue;
      any = true;
      ares_process_fd(channel, (socket.ready & wait_readable) != 0 ? socket.fd : ARES_SOCKET_BAD,
                      (socket.ready & wait_writable) != 0 ? socket.fd : ARES_SOCKET_BAD);
    }
    if (!any) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }

 private:
  static constexpr std::size_t usual_sockets = 16;

  std::vector<WaitSocket> sockets_;
};

struct Question {
  bool answered = false;
  int status = ARES_SUCCESS;
  std::vector<Address> addresses;
};

void collect(const ares_addrinfo* result, std::vector<Address>& addresses) {
  for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
    Address address;
    address.family = node->ai_family;
    if (node->ai_family == AF_INET) {
      sockaddr_in socket_address;
      std::memcpy(&socket_address, node->ai_addr, sizeof socket_address);
      std::memcpy(address.bytes, &socket_address.sin_addr, 4);
    } else if (node->ai_family == AF_INET6) {
      sockaddr_in6 socket_address;
      std::memcpy(&socket_address, node->ai_addr, sizeof socket_address);
      std::memcpy(address.bytes, &socket_address.sin6_addr, 16);
      address.scope_id = socket_address.sin6_scope_id;
    } else {
      continue;
    }
    const auto same = [&](const Address& other) {
      return other.family == address.family && other.scope_id == address.scope_id &&
             std::memcmp(other.bytes, address.bytes, sizeof address.bytes) == 0;
    };
    if (std::none_of(addresses.begin(), addresses.end(), same)) addresses.push_back(address);
  }
}

/// Called from inside c-ares, also while the channel is destroyed: nothing may be thrown through it.
void answered(void* argument, int status, int /*timeouts*/, ares_addrinfo* result) noexcept {
  auto* question = static_cast<Question*>(argument);
  question->answered = true;
  question->status = status;
  if (result == nullptr) return;
  try {
    if (status == ARES_SUCCESS) collect(result, question->addresses);
  } catch (const std::bad_alloc&) {
    question->status = ARES_ENOMEM;
  }
  ares_freeaddrinfo(result);
}

class Channel {
 public:
  Channel(SocketSet& sockets, const std::string& servers) {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);  // once for the process, on first use
    check(library);
    ares_options options{};
    options.sock_state_cb = &SocketSet::changed;
    options.sock_state_cb_data = &sockets;
    check(ares_init_options(&channel_, &options, ARES_OPT_SOCK_STATE_CB));
    if (!servers.empty()) {
      if (const int status = ares_set_servers_ports_csv(channel_, servers.c_str()); status != ARES_SUCCESS) {
        ares_destroy(channel_);
        check(status);
      }
    }
  }
  ~Channel() { ares_destroy(channel_); }  // an open question is answered with "destroyed"
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  ares_channel get() const noexcept { return channel_; }

 private:
  static void check(int status) {
    if (status != ARES_SUCCESS) library_failed("initialize the name resolver", ares_strerror(status));
  }

  ares_channel channel_ = nullptr;
};

/// When c-ares wants to be called again even if no socket is ready.
Deadline next_call(ares_channel channel, Deadline deadline) {
  timeval left;
  if (ares_timeout(channel, nullptr, &left) == nullptr) return deadline;
  const auto due = std::chrono::steady_clock::now() + std::chrono::seconds(left.tv_sec) +
                   std::chrono::microseconds(left.tv_usec) + std::chrono::milliseconds(1);
  return std::min<Deadline>(deadline, due);
}

}  // namespace

NameServiceAnswer ask_name_service(const std::string& host, Wait& wait, Deadline deadline, const std::string& servers) {
  // The channel answers its question and leaves the sockets when it goes, so it goes first.
  Question question;
  SocketSet sockets;
  const Channel channel(sockets, servers);
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel.get(), host.c_str(), nullptr, &hints, &answered, &question);
  while (!question.answered) {
    sockets.wait(wait, next_call(channel.get(), deadline));
    sockets.process(channel.get());
    if (!question.answered && std::chrono::steady_clock::now() >= deadline) return {};
  }
  NameServiceAnswer answer;
  answer.addresses = std::move(question.addresses);
  if (answer.addresses.empty()) {
    answer.failure = ares_strerror(question.status == ARES_SUCCESS ? ARES_ENODATA : question.status);
  }
  return answer;
}

}  // namespace connector::core
