#include "http/database/pool.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace connector::http {

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  pool_ = other.pool_;
  key_ = std::move(other.key_);
  session_ = std::move(other.session_);
  since_ = other.since_;
  place_ = std::move(other.place_);
  is_new_ = other.is_new_;
  return *this;
}

void Lease::close() noexcept {
  if (session_ != nullptr) --pool_->sessions_;
  session_.reset();
  place_ = Place();
}

void Lease::give_back() noexcept {
  if (session_ != nullptr) pool_->take_back(*this);
  session_.reset();
  place_ = Place();
}

Pool::Pool(const Database& database, bool superusers_allowed, Limits limits)
    : database_(database),
      superusers_allowed_(superusers_allowed),
      limits_(limits),
      logins_(limits.logins_at_once),
      salt_(32, '\0') {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(salt_.data()), static_cast<int>(salt_.size())) != 1) {
    throw std::runtime_error("no random numbers");
  }
}

std::string Pool::key_of(const Identity& identity) const {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  const std::string text = identity.user + '\0' + identity.key_id + '\0' + identity.password;
  HMAC(EVP_sha256(), salt_.data(), static_cast<int>(salt_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), reinterpret_cast<unsigned char*>(digest.data()), &length);
  digest.resize(length);
  return digest;
}

bool Pool::knows(const Identity& identity) const {
  const auto found = roles_.find(key_of(identity));
  return found != roles_.end() && !found->second.kept.empty();
}

Task<Lease> Pool::take(const Identity& identity, Clock::time_point deadline, Stop* stop) {
  const std::string key = key_of(identity);
  Role& role = roles_.try_emplace(key, limits_.sessions_per_role).first->second;
  role.key_id = identity.key_id;
  Lease lease;
  lease.pool_ = this;
  lease.key_ = key;
  const auto stopped = [stop] { return Stopped{stop == nullptr || !stop->asked()}; };
  if (!co_await role.places.take(lease.place_, deadline, stop)) throw stopped();
  const Clock::time_point now = Clock::now();
  while (!role.kept.empty()) {
    Kept kept = std::move(role.kept.back());
    role.kept.pop_back();
    if (kept.since + limits_.lifetime > now && kept.session->still_there()) {
      lease.session_ = std::move(kept.session);
      lease.since_ = kept.since;
      co_return lease;
    }
    --sessions_;
  }
  Place login;
  if (!co_await logins_.take(login, deadline, stop)) throw stopped();
  // Not within the awaited expression, where g++ 12 destroys such a temporary twice.
  Session::Login as{.user = identity.user, .password = identity.password, .passfile = {}};
  as.superuser_allowed = superusers_allowed_;
  lease.session_ = co_await Session::open(database_, std::move(as), deadline, stop);
  // Sessions that were opened together don't end together: up to a quarter of their time is taken from some.
  lease.since_ = Clock::now() - Clock::duration(limits_.lifetime) / 32 * (opened_++ % 8);
  lease.is_new_ = true;
  ++sessions_;
  co_return lease;
}

void Pool::take_back(Lease& lease) noexcept {
  const Clock::time_point now = Clock::now();
  const auto role = roles_.find(lease.key_);
  if (lease.session_->usable() && role != roles_.end() && lease.since_ + limits_.lifetime > now) {
    try {
      role->second.kept.push_back({std::move(lease.session_), lease.since_, now});
      return;
    } catch (const std::bad_alloc&) {
      // it is closed instead
    }
  }
  --sessions_;
}

void Pool::forget_key(const std::string& key_id) {
  for (auto& [key, role] : roles_) {
    if (role.key_id != key_id) continue;
    sessions_ -= role.kept.size();
    role.kept.clear();
  }
}

void Pool::tidy() {
  const Clock::time_point now = Clock::now();
  for (auto role = roles_.begin(); role != roles_.end();) {
    std::vector<Kept>& kept = role->second.kept;
    sessions_ -= std::erase_if(kept, [&](const Kept& one) {
      return one.used + limits_.idle <= now || one.since + limits_.lifetime <= now || !one.session->still_there();
    });
    // Whoever holds or awaits a place there has a reference.
    role = kept.empty() && role->second.places.unused() ? roles_.erase(role) : std::next(role);
  }
}

}  // namespace connector::http
