// Sessions that are kept for some seconds, by role and password.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/database/database.hpp"
#include "http/database/places.hpp"
#include "http/database/session.hpp"

namespace connector::http {

/// As whom a request asks: a role that PostgreSQL knows by this password.
struct Identity {
  std::string user;
  std::string password;
  std::string key_id{};                                      ///< of the issued key that led to it; empty: the password
  Clock::time_point valid_until = Clock::time_point::max();  ///< when that key expires
};

class Pool;

/// A session for one call, which goes back when this is destroyed. Empty after a move and after give_back().
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { give_back(); }
  Session& operator*() const noexcept { return *session_; }
  Session* operator->() const noexcept { return session_.get(); }
  explicit operator bool() const noexcept { return session_ != nullptr; }
  bool is_new() const noexcept { return is_new_; }  ///< logged in for this call
  void give_back() noexcept;
  void close() noexcept;  ///< ends the session in place of giving it back

 private:
  friend class Pool;
  Pool* pool_ = nullptr;
  std::string key_;
  std::unique_ptr<Session> session_;
  Clock::time_point since_;
  Place place_;
  bool is_new_ = false;
};

class Pool {
 public:
  struct Limits {
    std::size_t sessions_per_role = 8;
    std::size_t logins_at_once = 8;
    std::chrono::seconds idle{5};       ///< a session that nobody used for so long is closed
    std::chrono::seconds lifetime{30};  ///< and one that is so old: a changed password counts after that
  };

  Pool(const Database& database, bool superusers_allowed, Limits limits);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A session of that role: a kept one, or a new one. Throws LoginFailure; Stopped without one by the deadline.
  Task<Lease> take(const Identity& identity, Clock::time_point deadline, Stop* stop);

  /// What stands for role and password in this process: a digest, from which they can't be told.
  std::string key_of(const Identity& identity) const;

  /// True if a session of that role and password is there, so that a login would surely succeed.
  bool knows(const Identity& identity) const;

  /// Forgets sessions that came about by this issued key.
  void forget_key(const std::string& key_id);

  /// Closes what is too old; called once a second.
  void tidy();

  std::size_t sessions() const noexcept { return sessions_; }

 private:
  friend class Lease;
  struct Kept {
    std::unique_ptr<Session> session;
    Clock::time_point since;
    Clock::time_point used;
  };
  struct Role {
    explicit Role(std::size_t places) : places(places) {}
    Places places;
    std::vector<Kept> kept;
    std::string key_id;
  };
  void take_back(Lease& lease) noexcept;

  const Database& database_;
  bool superusers_allowed_;
  Limits limits_;
  Places logins_;
  std::map<std::string, Role> roles_;  // by key_of(): passwords don't stand here
  std::string salt_;
  std::size_t opened_ = 0;    // since the program began
  std::size_t sessions_ = 0;  // those that are lent included
};

}  // namespace connector::http
