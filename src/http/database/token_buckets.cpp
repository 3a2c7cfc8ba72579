#include "http/database/token_buckets.hpp"

#include <algorithm>

namespace connector::http {

namespace {

/// The bucket of all names for which there is no room; no address, role or pair of them is an empty text.
const std::string shared_bucket;

}  // namespace

TokenBuckets::TokenBuckets(std::size_t tokens, Clock::duration interval, std::size_t most)
    : tokens_(tokens), interval_(interval), most_(most) {}

Clock::duration TokenBuckets::take(const std::string& name, Clock::time_point now) {
  auto bucket = full_at_.find(name);
  if (bucket == full_at_.end()) {
    bucket = full_at_.try_emplace(full_at_.size() < most_ ? name : shared_bucket, now).first;
  }
  const Clock::time_point full_at = std::max(bucket->second, now) + interval_;
  const Clock::duration missing = full_at - now - interval_ * static_cast<Clock::rep>(tokens_);
  if (missing > Clock::duration::zero()) return missing;
  bucket->second = full_at;
  return Clock::duration::zero();
}

void TokenBuckets::give_back(const std::string& name, Clock::time_point now) {
  auto bucket = full_at_.find(name);
  if (bucket == full_at_.end()) bucket = full_at_.find(shared_bucket);
  if (bucket == full_at_.end()) return;
  bucket->second -= interval_;
  if (bucket->second <= now) full_at_.erase(bucket);
}

std::size_t TokenBuckets::left(const std::string& name, Clock::time_point now) const {
  auto bucket = full_at_.find(name);
  if (bucket == full_at_.end() && full_at_.size() >= most_) bucket = full_at_.find(shared_bucket);
  if (bucket == full_at_.end() || bucket->second <= now) return tokens_;
  const auto used = static_cast<std::size_t>((bucket->second - now + interval_ - Clock::duration(1)) / interval_);
  return tokens_ - std::min(used, tokens_);
}

void TokenBuckets::tidy(Clock::time_point now) {
  std::erase_if(full_at_, [now](const auto& bucket) { return bucket.second <= now; });
}

}  // namespace connector::http
