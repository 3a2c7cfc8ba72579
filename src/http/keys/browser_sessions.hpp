// Sessions of the page: who logged in there, as long as the program runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/database/pool.hpp"
#include "http/message/session_cookie.hpp"

namespace connector::http {

class BrowserSessions {
 public:
  struct Limits {
    std::chrono::seconds unused = std::chrono::hours(1);     ///< a session ends after this time without a call
    std::chrono::seconds lifetime = std::chrono::hours(12);  ///< and after this time in any case
    std::size_t of_role = 20;                                ///< beyond it the oldest ends
    std::size_t in_all = 1000;                               ///< beyond it the one that was not used for longest ends
  };

  explicit BrowserSessions(Limits limits) : limits_(limits) {}
  BrowserSessions(const BrowserSessions&) = delete;
  BrowserSessions& operator=(const BrowserSessions&) = delete;

  /// Begins a session of somebody who has just logged in, and names it in `identity`. What is kept of the key is not
  /// enough to use it.
  SessionKey begin(Identity& identity, Clock::time_point now);

  /// As whom the holder of the key asks, which is a use of the session; nothing if there is none, or it has ended.
  std::optional<Identity> use(const SessionKey& key, Clock::time_point now);

  /// The same with the first of the keys that is one.
  std::optional<Identity> use_any(const std::vector<SessionKey>& keys, Clock::time_point now);

  /// Whether the session of that name (Identity::session) goes on, which uses it: who listens to events is there.
  bool use(const std::string& session, Clock::time_point now);

  /// When the session ends unless it is used again; nothing if there is none.
  std::optional<Clock::time_point> end_of(const std::string& session) const;

  void end(const std::string& session) { sessions_.erase(session); }

  /// Ends those whose time is over; called once a second.
  void tidy(Clock::time_point now);

  std::size_t size() const noexcept { return sessions_.size(); }

 private:
  struct Session {
    Session(const Identity& identity, std::string token_digest, Clock::time_point now);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();  // wipes the password

    Identity identity;
    std::string token_digest;
    Clock::time_point begun;
    Clock::time_point used;
  };
  bool is_over(const Session& session, Clock::time_point now) const noexcept;
  void make_room(const std::string& user);

  Limits limits_;
  std::map<std::string, Session> sessions_;  // by the digest of the id
};

}  // namespace connector::http
