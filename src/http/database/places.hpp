// A number of places that calls take and give back, in the order in which they asked.
#pragma once

#include <cstddef>
#include <list>

#include "http/asio.hpp"
#include "http/database/stop.hpp"

namespace connector::http {

class Places;

/// One place, given back when it is destroyed.
class Place {
 public:
  Place() = default;
  explicit Place(Places& of) noexcept : of_(&of) {}
  Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  Place& operator=(Place&& other) noexcept;
  ~Place();

 private:
  Places* of_ = nullptr;
};

/// Must outlive its places and whoever waits for one.
class Places {
 public:
  explicit Places(std::size_t count) noexcept : free_(count), count_(count) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  /// Waits for a place. Without one by the deadline, or when the stop is asked for, the result is false.
  Task<bool> take(Place& place, Clock::time_point deadline, Stop* stop);
  bool unused() const noexcept { return free_ == count_ && waiting_.empty(); }

 private:
  friend class Place;
  struct Waiting {
    asio::steady_timer timer;
    bool granted = false;
  };
  void give_back() noexcept;

  std::size_t free_;
  std::size_t count_;
  std::list<Waiting> waiting_;
};

}  // namespace connector::http
