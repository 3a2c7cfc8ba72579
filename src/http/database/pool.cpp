#include "http/database/pool.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace connector::http {

namespace {

/// The role says that the key which led here is its own, and keeps that it was used.
constexpr const char* key_statement = "SELECT connector.api_key_used($1::pg_catalog.uuid)";

}  // namespace

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  pool_ = other.pool_;
  key_ = std::move(other.key_);
  user_ = std::move(other.user_);
  session_ = std::move(other.session_);
  since_ = other.since_;
  of_user_ = std::move(other.of_user_);
  of_all_ = std::move(other.of_all_);
  is_new_ = other.is_new_;
  is_kept_ = other.is_kept_;
  return *this;
}

void Lease::give_back() noexcept {
  if (session_ != nullptr) pool_->take_back(*this);
  session_.reset();
  of_all_ = Place();
  of_user_ = Place();
}

Pool::Pool(const Database& database, bool superusers_allowed, Limits limits)
    : database_(database),
      superusers_allowed_(superusers_allowed),
      limits_(limits),
      places_(limits.sessions),
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

Task<Lease> Pool::take(const Identity& identity, Clock::time_point deadline, Stop* stop) {
  Lease lease;
  lease.pool_ = this;
  lease.key_ = key_of(identity);
  lease.user_ = identity.user;
  const auto stopped = [stop] { return Stopped{stop == nullptr || !stop->asked()}; };
  // In the same order by all: the role, all roles, a log-in. So nobody waits for somebody who waits for him.
  User& user = users_.try_emplace(identity.user, limits_.sessions_of_role).first->second;
  const bool has_place = co_await user.places.take(lease.of_user_, deadline, stop);
  if (!has_place) throw stopped();
  const bool has_place_of_all = co_await places_.take(lease.of_all_, deadline, stop);
  if (!has_place_of_all) throw stopped();
  const Clock::time_point now = Clock::now();
  const auto known = known_.find(lease.key_);
  while (known != known_.end() && !known->second.kept.empty()) {
    Kept kept = std::move(known->second.kept.back());
    known->second.kept.pop_back();
    if (kept.since + limits_.lifetime > now && kept.session->still_there()) {
      lease.session_ = std::move(kept.session);
      lease.since_ = kept.since;
      co_return lease;
    }
    end_session(identity.user);
  }
  Place login;
  const bool may_log_in = co_await logins_.take(login, deadline, stop);
  if (!may_log_in) throw stopped();
  begin_session(identity.user);
  try {
    lease.session_ = co_await log_in(identity, deadline, stop);
  } catch (...) {
    end_session(identity.user);
    throw;
  }
  Login& entry = known_[lease.key_];
  entry.user = identity.user;
  entry.key_id = identity.key_id;
  // Sessions that were opened together don't end together: up to a quarter of their time is taken from some.
  lease.since_ = Clock::now() - Clock::duration(limits_.lifetime) / 32 * (opened_++ % 8);
  lease.is_new_ = true;
  co_return lease;
}

Task<std::unique_ptr<Session>> Pool::log_in(const Identity& identity, Clock::time_point deadline, Stop* stop) {
  // Not within the awaited expression, where g++ 12 destroys such a temporary twice.
  Session::Login as{.user = identity.user, .password = identity.password, .passfile = {}};
  as.superuser_allowed = superusers_allowed_;
  std::unique_ptr<Session> session = co_await Session::open(database_, std::move(as), deadline, stop);
  if (!identity.key_id.empty()) {
    std::vector<Value> values;
    values.emplace_back(identity.key_id);
    const Rows rows = co_await session->run(key_statement, std::move(values), deadline, stop);
    if (value_at(rows, 0, 0) != "t") {
      throw LoginFailure{LoginFailure::Reason::not_its_key, "the role does not have this key"};
    }
  }
  co_return session;
}

/// Kept sessions make room for a new one: those that are lent are fewer than the places.
void Pool::begin_session(const std::string& user) {
  const auto entry = users_.find(user);
  if (entry->second.sessions >= limits_.sessions_of_role) end_longest_unused(&user);
  if (sessions_ >= limits_.sessions) end_longest_unused(nullptr);
  ++entry->second.sessions;
  ++sessions_;
}

void Pool::end_session(const std::string& user) noexcept {
  --users_.find(user)->second.sessions;
  --sessions_;
}

void Pool::end_longest_unused(const std::string* user) {
  Login* of = nullptr;
  for (auto& [key, login] : known_) {
    if (login.kept.empty() || (user != nullptr && login.user != *user)) continue;
    if (of == nullptr || login.kept.front().used < of->kept.front().used) of = &login;
  }
  if (of == nullptr) return;
  of->kept.erase(of->kept.begin());
  end_session(of->user);
}

void Pool::take_back(Lease& lease) noexcept {
  const Clock::time_point now = Clock::now();
  const auto known = known_.find(lease.key_);
  if (lease.is_kept_ && lease.session_->usable() && known != known_.end() && lease.since_ + limits_.lifetime > now) {
    try {
      known->second.kept.push_back({std::move(lease.session_), lease.since_, now});
      return;
    } catch (const std::bad_alloc&) {
      // it is closed instead
    }
  }
  end_session(lease.user_);
}

void Pool::forget_key(const std::string& key_id) {
  // One that is lent is not kept when it comes back.
  for (auto login = known_.begin(); login != known_.end();) {
    if (login->second.key_id == key_id) {
      for (std::size_t i = 0; i < login->second.kept.size(); ++i) end_session(login->second.user);
      login = known_.erase(login);
    } else {
      ++login;
    }
  }
}

void Pool::tidy() {
  const Clock::time_point now = Clock::now();
  for (auto entry = known_.begin(); entry != known_.end();) {
    Login& login = entry->second;
    const std::size_t ended = std::erase_if(login.kept, [&](const Kept& kept) {
      return kept.used + limits_.idle <= now || kept.since + limits_.lifetime <= now || !kept.session->still_there();
    });
    for (std::size_t i = 0; i < ended; ++i) end_session(login.user);
    const auto user = users_.find(login.user);
    // Sessions that are lent come back to it.
    const bool unused = login.kept.empty() && (user == users_.end() || user->second.places.unused());
    entry = unused ? known_.erase(entry) : std::next(entry);
  }
  // Whoever holds or awaits a place there has a reference.
  std::erase_if(users_, [](const auto& one) { return one.second.places.unused() && one.second.sessions == 0; });
}

}  // namespace connector::http
