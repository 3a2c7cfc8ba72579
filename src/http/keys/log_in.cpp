#include "http/keys/log_in.hpp"

#include <algorithm>

#include "core/base/utf8.hpp"
#include "http/database/limited_log.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

/// Refusals are sent at a whole multiple of it after their request: what took how long can't be told from them.
constexpr std::chrono::milliseconds refusal_delay{300};
constexpr std::size_t most_refusals_waiting = 1000;
constexpr std::size_t most_roles = 10'000;
constexpr std::size_t checks_at_once = 4;
const std::string log_kind = "login failed";

[[noreturn]] void refuse_for_now(std::size_t limit, Clock::duration wait, const char* message) {
  Reply reply = error_reply(429, message);
  add_limit_headers(reply, std::to_string(limit), std::chrono::ceil<std::chrono::seconds>(wait));
  throw Refusal{std::move(reply)};
}

/// A place among those of one kind, whose list forgets it with the last one.
class Turn {
 public:
  Turn(std::map<std::string, std::unique_ptr<Places>>& all, const std::string& digest) : all_(all), digest_(digest) {
    std::unique_ptr<Places>& places = all_[digest];
    if (places == nullptr) places = std::make_unique<Places>(1);
    places_ = places.get();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    place_ = Place();
    if (places_->unused()) all_.erase(digest_);
  }
  Task<bool> take(Clock::time_point deadline, Stop& stop) { return places_->take(place_, deadline, &stop); }

 private:
  std::map<std::string, std::unique_ptr<Places>>& all_;
  std::string digest_;
  Places* places_;
  Place place_;
};

/// An attempt that counts as a failure, unless nobody can say what it was: who leaves before the answer has guessed.
class CountedAttempt {
 public:
  CountedAttempt(LoginLimits& limits, const std::string& address, std::string user, const Stop& stop)
      : limits_(limits), address_(address), user_(std::move(user)), stop_(stop) {}
  CountedAttempt(const CountedAttempt&) = delete;
  CountedAttempt& operator=(const CountedAttempt&) = delete;
  ~CountedAttempt() {
    if (open_ && !stop_.asked()) limits_.take_back(address_, user_, Clock::now());
  }
  void failed() noexcept { open_ = false; }
  void succeeded(const std::string& digest) {
    open_ = false;
    limits_.succeeded(address_, user_, digest, Clock::now());
  }

 private:
  LoginLimits& limits_;
  const std::string& address_;
  std::string user_;
  const Stop& stop_;
  bool open_ = true;
};

}  // namespace

LogIn::LogIn(Pool& pool, IssuedKeys& keys, BrowserSessions& sessions, Settings settings)
    : pool_(pool),
      keys_(keys),
      sessions_(sessions),
      user_from_host_(settings.user_from_host),
      limits_(settings.limits),
      checks_(checks_at_once) {
  if (settings.requests_per_second > 0) {
    rates_.emplace(settings.requests_per_second,
                   Clock::duration(std::chrono::seconds(1)) / settings.requests_per_second, most_roles);
  }
}

std::string LogIn::Asking::who() const {
  // No role has such a name.
  return user.empty() && key ? '\n' + uuid_text(key->id) : user;
}

/// The name is shown only where a role has it, as PostgreSQL has said or this program knows: else it may be a key,
/// given in its place.
void LogIn::log(std::uint64_t& counter, const Asking& asking, std::string_view reason, bool is_role) {
  ++counter;
  std::string text = asking.address;
  if (is_role || roles_.contains(asking.user)) {
    text += " as role " + core::quoted(asking.user);
  } else if (!asking.user.empty()) {
    text += " as an unknown role of " + std::to_string(asking.user.size()) + " bytes";
  }
  if (asking.key) text += " by issued key " + uuid_text(asking.key->id);
  limited_log().line(log_kind, text.append(": ").append(reason));
}

Task<> LogIn::wait_before_refusal(Clock::time_point begin, Stop& stop) {
  const Clock::duration passed = Clock::now() - begin;
  const Clock::time_point end = begin + refusal_delay * (passed / Clock::duration(refusal_delay) + 1);
  asio::steady_timer timer(co_await asio::this_coro::executor, end);
  stop.on_stop([&timer] { timer.cancel(); });
  error_code error;
  ++refusals_;
  if (!stop.asked()) co_await timer.async_wait(into(error));
  --refusals_;
  stop.on_stop({});
}

void LogIn::check_rate(const Identity& identity) {
  if (!rates_) return;
  const Clock::duration wait = rates_->take(identity.user, Clock::now());
  if (wait > Clock::duration::zero()) refuse_for_now(rates_->tokens(), wait, "too many requests of this role");
}

Task<Lease> LogIn::log_in(const Request& request, Identity& identity, Clock::time_point deadline, Stop& stop) {
  return log_in(read_credentials(request, user_from_host_), request.address, identity, deadline, stop);
}

Task<Lease> LogIn::log_in(Credentials credentials, const std::string& address, Identity& identity,
                          Clock::time_point deadline, Stop& stop) {
  const Clock::time_point begin = Clock::now();
  Asking asking{.address = address, .user = {}, .key = std::nullopt, .digest = {}};
  std::optional<Lease> lease;
  if (!credentials.sessions.empty()) {
    lease = co_await log_in_by_session(asking, std::move(credentials), identity, deadline, stop);
  } else {
    lease = co_await log_in_by_key(asking, std::move(credentials), identity, deadline, stop);
  }
  if (!lease) {
    co_await wait_before_refusal(begin, stop);
    throw Refusal{{.status = 401}};
  }
  if (roles_.size() < most_roles) roles_.insert(identity.user);
  check_rate(identity);
  co_return std::move(*lease);
}

Task<std::optional<Lease>> LogIn::log_in_by_key(Asking& asking, Credentials credentials, Identity& identity,
                                                Clock::time_point deadline, Stop& stop) {
  asking.key = read_key_text(credentials.key);
  if (credentials.user) {
    asking.user = *credentials.user;
  } else if (!asking.key && credentials.host_user) {
    asking.user = *credentials.host_user;
  } else if (!asking.key) {
    throw Refusal{{.status = 401}};
  }
  std::optional<Lease> lease;
  const bool can_be = (asking.key && asking.user.empty()) || is_role_name(asking.user);
  if (!can_be || !is_password(credentials.key)) {
    log(failures_.refused, asking, "a name or password that no role can have");
  } else if (asking.key && credentials.password_only) {
    log(failures_.unknown_key, asking, "an issued key where a password is asked for");
  } else {
    identity.user = asking.user;
    identity.password = std::move(credentials.key);
    asking.digest = pool_.key_of(identity);
    lease = co_await attempt(asking, identity, deadline, stop);
  }
  co_return lease;
}

/// A session ends with the password that it began with.
Task<std::optional<Lease>> LogIn::log_in_by_session(Asking& asking, Credentials credentials, Identity& identity,
                                                    Clock::time_point deadline, Stop& stop) {
  std::optional<Lease> lease;
  std::optional<Identity> found = sessions_.use_any(credentials.sessions, Clock::now());
  if (!found || (credentials.user && *credentials.user != found->user)) {
    log(failures_.no_session, asking, "there is no such session of the page");
    co_return lease;
  }
  identity = std::move(*found);
  asking.user = identity.user;
  asking.digest = pool_.key_of(identity);
  lease = co_await attempt(asking, identity, deadline, stop);
  if (!lease) sessions_.end(identity.session);
  co_return lease;
}

/// Nothing if the caller is refused.
Task<std::optional<Lease>> LogIn::attempt(const Asking& asking, Identity& identity, Clock::time_point deadline,
                                          Stop& stop) {
  std::optional<Lease> lease;
  if (limits_.proven(asking.digest, Clock::now())) {
    lease = co_await session(asking, identity, deadline, stop);
    if (!lease) {
      limits_.forget(asking.digest);
    } else if (lease->is_new()) {
      limits_.renew(asking.digest, Clock::now());
    }
    co_return lease;
  }
  // Whoever asks with the same key at the same time waits for what comes of the first one.
  Turn turn(attempts_, asking.digest);
  const bool has_turn = co_await turn.take(deadline, stop);
  if (!has_turn) throw Stopped{!stop.asked()};
  if (limits_.proven(asking.digest, Clock::now())) {
    lease = co_await session(asking, identity, deadline, stop);
    co_return lease;
  }
  const Clock::duration wait = refusals_ < most_refusals_waiting
                                   ? limits_.begin(asking.address, asking.who(), Clock::now())
                                   : Clock::duration(std::chrono::seconds(1));
  if (wait > Clock::duration::zero()) {
    ++failures_.limited;
    refuse_for_now(limits_.failures_per_user(), wait, "too many failed log-ins");
  }
  CountedAttempt counted(limits_, asking.address, asking.who(), stop);
  lease = co_await session(asking, identity, deadline, stop);
  if (lease) {
    counted.succeeded(asking.digest);
  } else {
    counted.failed();
  }
  co_return lease;
}

Task<std::optional<Lease>> LogIn::session(const Asking& asking, Identity& identity, Clock::time_point deadline,
                                          Stop& stop) {
  std::optional<Lease> lease;
  if (!asking.key) {
    const std::optional<LoginFailure> failure = co_await open(lease, identity, deadline, stop);
    if (failure) log_failure(asking, *failure);
    co_return lease;
  }
  std::optional<LoginFailure> failure;
  std::string tried;
  for (;;) {
    std::optional<Identity> issued;
    try {
      issued = co_await keys_.identity(*asking.key, deadline);
    } catch (const LoginFailure& unread) {
      // What the administrator has to mend is for the log: callers are told no more than of any other refusal.
      if (unread.reason != LoginFailure::Reason::no_keys) throw;
      failure = unread;
      break;
    }
    if (!issued || (!asking.user.empty() && issued->user != asking.user)) {
      log(failures_.unknown_key, asking, issued ? "the key is another role's" : "there is no such key");
      co_return lease;
    }
    identity = std::move(*issued);
    // The role may have got another name since the key was read: once more by what is read now.
    if (failure && identity.user == tried) break;
    tried = identity.user;
    failure = co_await open(lease, identity, deadline, stop);
    if (!failure || failure->reason != LoginFailure::Reason::refused) break;
    keys_.forget(identity.key_id);
  }
  if (failure) log_failure(asking, *failure);
  co_return lease;
}

/// Takes a session; the result says why the caller is refused.
Task<std::optional<LoginFailure>> LogIn::open(std::optional<Lease>& lease, const Identity& identity,
                                              Clock::time_point deadline, Stop& stop) {
  std::optional<LoginFailure> told;
  try {
    lease.emplace(co_await pool_.take(identity, deadline, &stop));
  } catch (const LoginFailure& failure) {
    using enum LoginFailure::Reason;
    if (failure.reason == unavailable || failure.reason == no_extension) throw;
    told = failure;
  }
  co_return told;
}

void LogIn::log_failure(const Asking& asking, const LoginFailure& failure) {
  using enum LoginFailure::Reason;
  log(failure.reason == unprotected                                ? failures_.unprotected
      : failure.reason == superuser                                ? failures_.superuser
      : failure.reason == not_its_key || failure.reason == no_keys ? failures_.unknown_key
                                                                   : failures_.refused,
      asking, failure.message, failure.reason == unprotected || failure.reason == superuser);
}

Task<bool> LogIn::still_valid(const Identity& identity) {
  using enum LoginFailure::Reason;
  if (Clock::now() >= identity.valid_until) co_return false;
  if (!identity.session.empty() && !sessions_.use(identity.session, Clock::now())) co_return false;
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(20);
  try {
    // A few at a time: all streams may ask at once.
    Place place;
    const bool has_place = co_await checks_.take(place, deadline, nullptr);
    if (!has_place) co_return true;
    if (!identity.key_id.empty()) {
      const bool exists = co_await keys_.exists(identity.key_id, deadline);
      if (!exists) co_return false;
    }
    const Lease lease = co_await pool_.take(identity, deadline, nullptr);
  } catch (const LoginFailure& failure) {
    co_return failure.reason == unavailable || failure.reason == no_keys;
  } catch (const SqlFailure&) {
    co_return true;
  } catch (const Stopped&) {
    co_return true;
  }
  co_return true;
}

void LogIn::tidy() {
  const Clock::time_point now = Clock::now();
  limits_.tidy(now);
  if (rates_) rates_->tidy(now);
}

}  // namespace connector::http
