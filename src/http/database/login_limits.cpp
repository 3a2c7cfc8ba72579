#include "http/database/login_limits.hpp"

#include <algorithm>

namespace connector::http {

namespace {

bool is_plain(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

/// A host has many addresses of IPv6: those of one network, the first half of the address, count as one.
std::string network(const std::string& address) {
  error_code error;
  const asio::ip::address parsed = asio::ip::make_address(address, error);
  if (error || !parsed.is_v6()) return address;
  const asio::ip::address_v6 v6 = parsed.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  asio::ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6(bytes).to_string();
}

std::string user_there(const std::string& address, const std::string& user) {
  return network(address) + ' ' + user;
}

}  // namespace

bool is_password(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 1000 && is_plain(text);
}

bool is_role_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 63 && is_plain(text);
}

LoginLimits::LoginLimits(Limits limits)
    : limits_(limits),
      users_(limits.failures_per_user, Clock::duration(limits.period) / limits.failures_per_user, limits.most_buckets),
      addresses_(limits.failures_per_address, Clock::duration(limits.period) / limits.failures_per_address,
                 limits.most_buckets),
      anywhere_(limits.failures_anywhere, Clock::duration(limits.period) / limits.failures_anywhere,
                limits.most_buckets) {}

bool LoginLimits::proven(const std::string& digest, Clock::time_point now) const {
  const auto found = proven_.find(digest);
  return found != proven_.end() && now < found->second;
}

Clock::duration LoginLimits::begin(const std::string& address, const std::string& user, Clock::time_point now) {
  const Clock::duration of_user = users_.take(user_there(address, user), now);
  if (of_user > Clock::duration::zero()) return of_user;
  const Clock::duration of_address = addresses_.take(network(address), now);
  if (of_address > Clock::duration::zero()) {
    users_.give_back(user_there(address, user), now);
    return of_address;
  }
  const Clock::duration of_all = anywhere_.take(user, now);
  if (of_all > Clock::duration::zero()) {
    users_.give_back(user_there(address, user), now);
    addresses_.give_back(network(address), now);
  }
  return of_all;
}

void LoginLimits::take_back(const std::string& address, const std::string& user, Clock::time_point now) {
  users_.give_back(user_there(address, user), now);
  addresses_.give_back(network(address), now);
  anywhere_.give_back(user, now);
}

void LoginLimits::renew(const std::string& digest, Clock::time_point now) {
  const auto found = proven_.find(digest);
  if (found != proven_.end()) found->second = now + limits_.proven_for;
}

void LoginLimits::succeeded(const std::string& address, const std::string& user, const std::string& digest,
                            Clock::time_point now) {
  // Others' failures from that address stay: else a caller could guess theirs between two log-ins of his own.
  addresses_.give_back(network(address), now);
  anywhere_.give_back(user, now);
  users_.fill(user_there(address, user));
  if (proven_.size() >= limits_.most_proven && !proven_.contains(digest)) proven_.erase(proven_.begin());
  proven_[digest] = now + limits_.proven_for;
}

void LoginLimits::tidy(Clock::time_point now) {
  users_.tidy(now);
  addresses_.tidy(now);
  anywhere_.tidy(now);
  std::erase_if(proven_, [now](const auto& one) { return one.second <= now; });
}

}  // namespace connector::http
