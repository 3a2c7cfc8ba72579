// All connections of clients: how many there are is bounded, and how long each may take for its next step.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <string>

#include "http/asio.hpp"
#include "http/server/byte_budget.hpp"

namespace connector::http {

/// One connection, as Clients sees it.
struct Client {
  enum class Phase {
    waiting,   ///< for a complete request
    working,   ///< on an answer
    streaming  ///< of an answer without an end
  };

  virtual ~Client() = default;
  /// The deadline has passed: what is waited for ends. Called again and again until the deadline is another one.
  virtual void expire() = 0;
  /// The connection ends now, whatever it does.
  virtual void leave() = 0;

  asio::ip::address address;
  bool counts_by_address = true;  ///< false for a proxy, which speaks for many
  Phase phase = Phase::waiting;
  Clock::time_point since = Clock::now();  ///< when it began to wait
  Clock::time_point deadline = Clock::time_point::max();
};

class Clients {
 public:
  /// `most` at once, and `most_of_one` of them from one address (of IPv6: from one network of 64 bits); `long_bytes`
  /// for all their long requests and answers.
  Clients(std::size_t most, std::size_t most_of_one, std::size_t long_bytes)
      : most_(most), most_of_one_(most_of_one), memory_(long_bytes) {}
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  /// Takes one more. At a limit the one that has been waiting longest for a complete request has to leave for it, so
  /// that slow clients keep nobody out. False if none waits.
  bool add(Client& client);
  void remove(Client& client);

  /// The memory for long requests and answers.
  ByteBudget& memory() noexcept { return memory_; }

  /// Called once a second: those whose deadline has passed expire.
  void tick();

  /// Those that wait leave now, streams as well; those that work leave when they have answered.
  void close();
  bool closing() const noexcept { return closing_; }
  bool empty() const noexcept { return entries_.empty(); }
  /// All leave.
  void leave_all();
  /// Called when the last one is gone, once close() was called.
  void when_empty(std::function<void()> callback);

 private:
  struct Entry {
    Client* client;
    std::string group;     // by what it is counted; empty: not at all
    bool leaving = false;  // it does not count any more
  };
  bool make_room(const std::string* group);
  void forget(Entry& entry);

  std::size_t most_;
  std::size_t most_of_one_;
  ByteBudget memory_;
  std::list<Entry> entries_;
  std::map<std::string, std::size_t> groups_;
  std::size_t count_ = 0;
  bool closing_ = false;
  std::function<void()> when_empty_;
};

}  // namespace connector::http
