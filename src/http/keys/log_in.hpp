// From a request to a session of the database: whom it names, what its key is, and what failures cost.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "http/database/login_limits.hpp"
#include "http/database/pool.hpp"
#include "http/keys/browser_sessions.hpp"
#include "http/keys/issued_keys.hpp"
#include "http/message/credentials.hpp"

namespace connector::http {

class LogIn {
 public:
  struct Settings {
    bool user_from_host = false;
    std::size_t requests_per_second = 0;  ///< of each role; 0: any number
    LoginLimits::Limits limits{};
  };

  /// How many attempts did not let anybody in.
  struct Failures {
    std::uint64_t refused = 0;      ///< by PostgreSQL, or before it is asked
    std::uint64_t unknown_key = 0;  ///< an issued key that is unknown, revoked, expired or another role's
    std::uint64_t no_session = 0;   ///< of the page: unknown, ended, or without its token
    std::uint64_t unprotected = 0;  ///< the server did not ask for a password
    std::uint64_t superuser = 0;
    std::uint64_t limited = 0;  ///< by the limits of failures, without asking the database
  };

  LogIn(Pool& pool, IssuedKeys& keys, BrowserSessions& sessions, Settings settings);

  /// Logs in whom the request names; `identity` says who it is. Throws Refusal: 401 for whatever does not let somebody
  /// in, without a body and after the same time; 429 after too many failures, or requests of that role; 503. Also
  /// LoginFailure (the database is not available) and Stopped.
  Task<Lease> log_in(const Request& request, Identity& identity, Clock::time_point deadline, Stop& stop);

  /// The same by credentials that were read elsewhere, of a request from that address.
  Task<Lease> log_in(Credentials credentials, const std::string& address, Identity& identity,
                     Clock::time_point deadline, Stop& stop);

  /// Whether somebody who logged in before could do so again. A database that is not available says nothing: true.
  Task<bool> still_valid(const Identity& identity);

  const Failures& failures() const noexcept { return failures_; }

  /// Called once a second.
  void tidy();

 private:
  struct Asking {
    std::string address;
    std::string user;  // whom the request names; empty beside an issued key that it stands alone with
    std::optional<IssuedKey> key;
    std::string digest;       // of user and key
    std::string who() const;  // as whom failures count
  };
  Task<std::optional<Lease>> log_in_by_key(Asking& asking, Credentials credentials, Identity& identity,
                                           Clock::time_point deadline, Stop& stop);
  Task<std::optional<Lease>> log_in_by_session(Asking& asking, Credentials credentials, Identity& identity,
                                               Clock::time_point deadline, Stop& stop);
  Task<std::optional<Lease>> attempt(const Asking& asking, Identity& identity, Clock::time_point deadline, Stop& stop);
  Task<std::optional<Lease>> session(const Asking& asking, Identity& identity, Clock::time_point deadline, Stop& stop);
  Task<std::optional<LoginFailure>> open(std::optional<Lease>& lease, const Identity& identity,
                                         Clock::time_point deadline, Stop& stop);
  void log_failure(const Asking& asking, const LoginFailure& failure);
  Task<> wait_before_refusal(Clock::time_point begin, Stop& stop);
  void check_rate(const Identity& identity);
  void log(std::uint64_t& counter, const Asking& asking, std::string_view reason, bool is_role = false);

  Pool& pool_;
  IssuedKeys& keys_;
  BrowserSessions& sessions_;
  bool user_from_host_;
  LoginLimits limits_;
  std::optional<TokenBuckets> rates_;
  std::map<std::string, std::unique_ptr<Places>> attempts_;  // by digest: one of a kind at a time
  std::size_t refusals_ = 0;                                 // that wait
  std::set<std::string> roles_;                              // that have logged in
  Places checks_;
  Failures failures_;
};

}  // namespace connector::http
