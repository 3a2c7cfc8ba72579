// Token buckets by name: each holds a number of tokens, which come back at an even rate.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "http/asio.hpp"

namespace connector::http {

class TokenBuckets {
 public:
  /// Buckets of `tokens` tokens, each of which comes back after `interval`. At most `most` buckets are kept: what comes
  /// beyond shares one, so that a flood of names costs no memory.
  TokenBuckets(std::size_t tokens, Clock::duration interval, std::size_t most);

  /// Takes a token. Without one the result is the time until there is one; else it is zero.
  Clock::duration take(const std::string& name, Clock::time_point now);

  /// Gives back what take() took.
  void give_back(const std::string& name, Clock::time_point now);

  /// Fills the bucket.
  void fill(const std::string& name) { full_at_.erase(name); }

  /// How many tokens take() would find.
  std::size_t left(const std::string& name, Clock::time_point now) const;

  /// Forgets full buckets.
  void tidy(Clock::time_point now);

  std::size_t tokens() const noexcept { return tokens_; }
  std::size_t size() const noexcept { return full_at_.size(); }

 private:
  std::size_t tokens_;
  Clock::duration interval_;
  std::size_t most_;
  std::unordered_map<std::string, Clock::time_point> full_at_;  // when all tokens are back; no entry: they are
};

}  // namespace connector::http
