// How often log-ins may fail, and who has shown that his succeed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/database/token_buckets.hpp"

namespace connector::http {

/// A password that libpq sends as it is: not empty, at most 1,000 bytes, without control characters. libpq would look
/// for another one in place of an empty one, and cut it at a zero byte.
bool is_password(std::string_view text) noexcept;

/// A name that PostgreSQL takes as it is: of 1 to 63 bytes, without control characters. It cuts a longer one, which
/// then is another role's, and libpq takes the account's name in place of an empty one.
bool is_role_name(std::string_view text) noexcept;

class LoginLimits {
 public:
  struct Limits {
    std::size_t failures_per_user = 10;     ///< of one user from one address, within `period`
    std::size_t failures_per_address = 60;  ///< of all users from one address, likewise
    std::size_t failures_anywhere = 200;    ///< of one user from all addresses, likewise
    std::chrono::seconds period{60};
    std::size_t most_buckets = 20'000;
    std::chrono::seconds proven_for{3600};
    std::size_t most_proven = 10'000;
  };

  explicit LoginLimits(Limits limits);

  /// True if this pair of user and key (its digest) has logged in within the last hour and not failed since. It is not
  /// held up by what others do.
  bool proven(const std::string& digest, Clock::time_point now) const;

  /// Counts an attempt of a pair that is not proven as a failure until it has succeeded. The result is zero, or how
  /// long nobody may try from there.
  Clock::duration begin(const std::string& address, const std::string& user, Clock::time_point now);

  /// The attempt that began did not come to an answer.
  void take_back(const std::string& address, const std::string& user, Clock::time_point now);

  /// A pair that is proven has logged in anew.
  void renew(const std::string& digest, Clock::time_point now);

  /// The attempt that began succeeded.
  void succeeded(const std::string& address, const std::string& user, const std::string& digest, Clock::time_point now);

  /// The log-in of a pair that was proven succeeded no more.
  void forget(const std::string& digest) { proven_.erase(digest); }

  void tidy(Clock::time_point now);

  std::size_t failures_per_user() const noexcept { return users_.tokens(); }
  std::size_t size() const noexcept { return users_.size() + addresses_.size() + anywhere_.size() + proven_.size(); }

 private:
  Limits limits_;
  TokenBuckets users_;
  TokenBuckets addresses_;
  TokenBuckets anywhere_;
  std::unordered_map<std::string, Clock::time_point> proven_;  // until when
};

}  // namespace connector::http
