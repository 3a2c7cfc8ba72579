#include "http/keys/browser_sessions.hpp"

#include <algorithm>

#include "http/keys/secret_bytes.hpp"
#include "http/message/base64.hpp"

namespace connector::http {

namespace {

constexpr std::size_t secret_size = 32;

}  // namespace

BrowserSessions::Session::Session(const Identity& identity, std::string token_digest, Clock::time_point now)
    : identity(identity), token_digest(std::move(token_digest)), begun(now), used(now) {}

BrowserSessions::Session::~Session() {
  wipe(identity.password);
}

SessionKey BrowserSessions::begin(Identity& identity, Clock::time_point now) {
  tidy(now);
  make_room(identity.user);
  SessionKey key{.id = base64url(random_bytes(secret_size)), .token = base64url(random_bytes(secret_size))};
  identity.session = digest_of(key.id);
  identity.valid_until = now + limits_.lifetime;
  sessions_.try_emplace(identity.session, identity, digest_of(key.token), now);
  return key;
}

void BrowserSessions::make_room(const std::string& user) {
  std::size_t of_role = 0;
  auto oldest = sessions_.end();
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    if (one->second.identity.user != user) continue;
    ++of_role;
    if (oldest == sessions_.end() || one->second.begun < oldest->second.begun) oldest = one;
  }
  if (of_role >= limits_.of_role) sessions_.erase(oldest);
  if (sessions_.size() < limits_.in_all) return;
  sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), [](const auto& one, const auto& other) {
    return one.second.used < other.second.used;
  }));
}

bool BrowserSessions::is_over(const Session& session, Clock::time_point now) const noexcept {
  return now >= session.identity.valid_until || now >= session.used + limits_.unused;
}

std::optional<Identity> BrowserSessions::use(const SessionKey& key, Clock::time_point now) {
  const auto found = sessions_.find(digest_of(key.id));
  if (found == sessions_.end() || is_over(found->second, now)) return std::nullopt;
  if (!same_digest(found->second.token_digest, digest_of(key.token))) return std::nullopt;
  found->second.used = now;
  return found->second.identity;
}

std::optional<Identity> BrowserSessions::use_any(const std::vector<SessionKey>& keys, Clock::time_point now) {
  std::optional<Identity> identity;
  for (auto key = keys.begin(); key != keys.end() && !identity; ++key) identity = use(*key, now);
  return identity;
}

bool BrowserSessions::use(const std::string& session, Clock::time_point now) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || is_over(found->second, now)) return false;
  found->second.used = now;
  return true;
}

std::optional<Clock::time_point> BrowserSessions::end_of(const std::string& session) const {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return std::nullopt;
  return std::min(found->second.identity.valid_until, found->second.used + limits_.unused);
}

void BrowserSessions::tidy(Clock::time_point now) {
  std::erase_if(sessions_, [&](const auto& one) { return is_over(one.second, now); });
}

}  // namespace connector::http
