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
  Clock::time_point valid_until = Clock::time_point::max();  ///< when that key, or that session of the page, ends
  std::string session{};                                     ///< of the page that led to it, by its name here
};

class Pool;

/// A session for one call, which goes back when this is destroyed. Empty after a move and after give_back(). Whoever
/// has one must not ask for another: the sessions of a role are few.
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
  /// The session ends with this call: code of the role may have changed anything in it.
  void end_after_call() noexcept { is_kept_ = false; }

 private:
  friend class Pool;
  Pool* pool_ = nullptr;
  std::string key_;
  std::string user_;
  std::unique_ptr<Session> session_;
  Clock::time_point since_;
  Place of_user_;  // taken in this order
  Place of_all_;
  bool is_new_ = false;
  bool is_kept_ = true;
};

class Pool {
 public:
  struct Limits {
    std::size_t sessions = 50;         ///< in all, kept ones included
    std::size_t sessions_of_role = 8;  ///< by whatever keys, likewise
    std::size_t logins_at_once = 8;
    std::chrono::seconds idle{5};       ///< a session that nobody used for so long is closed
    std::chrono::seconds lifetime{30};  ///< and one that is so old: a changed password counts after that
  };

  Pool(const Database& database, bool superusers_allowed, Limits limits);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A session of that role: a kept one, or a new one, in which the role has said that an issued key is its own. Throws
  /// LoginFailure; Stopped without one by the deadline; SqlFailure.
  Task<Lease> take(const Identity& identity, Clock::time_point deadline, Stop* stop);

  /// What stands for role and password in this process: a digest, from which they can't be told.
  std::string key_of(const Identity& identity) const;

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
  /// Of one role and key.
  struct Login {
    std::string user;
    std::string key_id;
    std::vector<Kept> kept;
  };
  struct User {
    explicit User(std::size_t places) : places(places) {}
    Places places;             // for sessions that are lent
    std::size_t sessions = 0;  // kept ones included
  };
  Task<std::unique_ptr<Session>> log_in(const Identity& identity, Clock::time_point deadline, Stop* stop);
  void take_back(Lease& lease) noexcept;
  void begin_session(const std::string& user);
  void end_session(const std::string& user) noexcept;
  void end_longest_unused(const std::string* user);

  const Database& database_;
  bool superusers_allowed_;
  Limits limits_;
  std::map<std::string, User> users_;  // by name
  Places places_;
  Places logins_;
  std::map<std::string, Login> known_;  // by key_of(): passwords don't stand here
  std::string salt_;
  std::size_t opened_ = 0;    // since the program began
  std::size_t sessions_ = 0;  // lent ones, kept ones, and those that are being opened
};

}  // namespace connector::http
