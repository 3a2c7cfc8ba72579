// From the database's notifications to those who listen by HTTP: each hears of what its own role may see.
//
// Any role can notify, of any id. So a notification is only a reason to ask: each role that listens is asked, in a
// session of its own, which of the ids it sees, and what their states are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http/database/pool.hpp"
#include "http/database/stop.hpp"
#include "http/events/notice.hpp"

namespace connector::http {

class EventHub;

/// One stream's place in the hub, which must outlive it; not copied or moved.
class Subscription {
 public:
  /// Throws Refusal (503) if there are too many streams, or too many of that role.
  Subscription(EventHub& hub, const asio::any_io_executor& executor, const Identity& identity);
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

  /// Waits for events: their text, empty if there are none by the deadline or the login is to be looked at. Throws
  /// Stopped if the stream is to end: nobody reads it, its key has expired, its role can't log in any more.
  Task<std::string> next(Clock::time_point deadline, Stop& stop);

  /// Whether the login is to be looked at now, asked once.
  bool takes_check() noexcept { return std::exchange(check_, false); }

 private:
  friend class EventHub;
  void add(const std::string& text);
  void end();
  void check();

  EventHub& hub_;
  Identity identity_;
  asio::steady_timer timer_;
  std::string waiting_;
  std::uint64_t number_;  // of this subscription alone
  bool ended_ = false;
  bool check_ = false;
};

class EventHub {
 public:
  /// `most_streams` in all, and a tenth of them of one role.
  EventHub(asio::any_io_executor executor, Pool& pool, std::size_t most_streams);
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  /// Takes a notification, which may be made up.
  void heard(const Notice& notice);

  /// The program has begun to listen: tells all streams that they may have missed something.
  void reset();

  /// False as long as the program could never listen: the database is down, or a standby, which has no notifications.
  bool hears() const noexcept { return hears_; }

  /// Has streams look at their login now: those that came about by this issued key; by this session of the page
  /// (Identity::session); all.
  void check_key(const std::string& id);
  void check_session(const std::string& session);
  void check_all();

  std::size_t streams() const noexcept { return streams_; }

  /// The text of the event that says so: clients read their lists again.
  static std::string reset_text();

 private:
  friend class Subscription;
  using Object = std::pair<std::string, std::string>;  // its kind and id
  struct Role {
    std::vector<Subscription*> streams;
    std::set<Object> pending;
    bool missed = false;  // there were too many to keep
    bool asking = false;
  };
  Task<> ask(std::shared_ptr<Role> role);
  Task<> answer(const std::shared_ptr<Role>& role);
  Task<bool> ask_once(const std::shared_ptr<Role>& role, const std::set<Object>& objects);
  void tell(const Role& role, const std::string& text);
  template <typename Condition>
  void check(Condition condition);

  asio::any_io_executor executor_;
  Pool& pool_;
  std::size_t most_streams_;
  Places questions_;
  std::map<std::string, std::shared_ptr<Role>> roles_;  // by name
  std::size_t streams_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_id_;
  bool hears_ = false;
};

}  // namespace connector::http
