#include "http/keys/issued_keys.hpp"

#include <algorithm>
#include <charconv>

#include "http/database/own_session.hpp"

namespace connector::http {

namespace {

constexpr std::chrono::seconds kept_for{5};
constexpr std::chrono::seconds longest_read{10};
constexpr std::size_t most_known = 10'000;

/// The time that is left is told in seconds, as the program's clock is not the database's.
constexpr const char* read_statement =
    "SELECT k.role_name, k.secret_hash, k.sealed, CASE WHEN pg_catalog.isfinite(k.expires_at) THEN "
    "pg_catalog.date_part('epoch', k.expires_at OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp()) END "
    "FROM connector.sealed_api_key($1::pg_catalog.uuid) k";

/// Without an answer of the database that is all there is to say; else it is the administrator's matter.
LoginFailure failure_of(const SqlFailure& failure) {
  const std::string_view code = failure.sqlstate;
  const bool no_answer = code.empty() || code.starts_with("08") || code.starts_with("53") || code.starts_with("57P");
  return {no_answer ? LoginFailure::Reason::unavailable : LoginFailure::Reason::no_keys,
          "issued keys can't be read: " + failure.message};
}

std::string bytes_of(const Value& value) {
  if (!value) return {};
  std::size_t length = 0;
  const std::unique_ptr<unsigned char, decltype(&PQfreemem)> bytes(
      PQunescapeBytea(reinterpret_cast<const unsigned char*>(value->c_str()), &length), PQfreemem);
  if (bytes == nullptr) throw std::bad_alloc();
  return {reinterpret_cast<const char*>(bytes.get()), length};
}

Clock::time_point end_of(const Value& seconds_left) {
  if (!seconds_left) return Clock::time_point::max();
  double seconds = 0;
  std::from_chars(seconds_left->data(), seconds_left->data() + seconds_left->size(), seconds);
  constexpr double ten_years = 10.0 * 366 * 86400;
  return Clock::now() + std::chrono::milliseconds(static_cast<long long>(std::clamp(seconds, 0.0, ten_years) * 1000));
}

}  // namespace

IssuedKeys::Reading::Reading(std::map<std::string, ReadState>& all, const std::string& id)
    : all_(all), place_(all.try_emplace(id).first) {
  ++place_->second.readers;
}

IssuedKeys::Reading::~Reading() {
  if (--place_->second.readers == 0) all_.erase(place_);
}

IssuedKeys::IssuedKeys(const Database& database) : database_(database), places_(1) {}

Task<Rows> IssuedKeys::read(const std::string& id, Clock::time_point deadline) {
  deadline = std::min(deadline, Clock::now() + longest_read);
  Place place;
  if (!co_await places_.take(place, deadline, nullptr)) throw Stopped{true};
  if (session_ != nullptr && !session_->still_there()) session_.reset();
  for (int attempt = session_ != nullptr ? 0 : 1;; ++attempt) {
    if (session_ == nullptr) session_ = co_await open_own_session(database_, deadline);
    std::vector<Value> values;
    values.emplace_back(id);
    try {
      co_return co_await session_->run(read_statement, std::move(values), deadline);
    } catch (const SqlFailure& failure) {
      // A kept session may have been lost meanwhile: once more, by a new one.
      const bool again = !session_->usable() && attempt == 0;
      if (!session_->usable()) session_.reset();
      if (!again) throw;
    } catch (const Stopped&) {
      session_.reset();
      throw;
    }
  }
}

Task<std::optional<IssuedKeys::Sealed>> IssuedKeys::find(const std::string& id, Clock::time_point deadline) {
  if (!available()) {
    throw LoginFailure{LoginFailure::Reason::no_keys, "issued keys need a role of the program's own"};
  }
  const Clock::time_point now = Clock::now();
  const auto found = known_.find(id);
  if (found != known_.end() && now < found->second.read_at + kept_for) {
    std::optional<Sealed> sealed(found->second);
    if (now >= sealed->valid_until) sealed.reset();
    co_return sealed;
  }
  const Reading reading(reading_, id);
  Rows rows;
  try {
    rows = co_await read(id, deadline);
  } catch (LoginFailure& failure) {
    if (failure.reason == LoginFailure::Reason::refused) failure.reason = LoginFailure::Reason::no_keys;
    failure.message = "issued keys can't be read: " + failure.message;
    throw;
  } catch (const SqlFailure& failure) {
    throw failure_of(failure);
  }
  if (rows.empty() || !value_at(rows, 0, 0)) {
    known_.erase(id);
    co_return std::nullopt;
  }
  std::optional<Sealed> sealed(std::in_place);
  sealed->role = text_at(rows, 0, 0);
  sealed->hash = bytes_of(value_at(rows, 0, 1));
  sealed->password = bytes_of(value_at(rows, 0, 2));
  sealed->valid_until = end_of(value_at(rows, 0, 3));
  sealed->read_at = now;
  // What was forgotten meanwhile may have been this, read before it was revoked.
  if (!reading.forgotten() && known_.size() < most_known) known_.insert_or_assign(id, *sealed);
  if (Clock::now() >= sealed->valid_until) sealed.reset();
  co_return sealed;
}

Task<std::optional<Identity>> IssuedKeys::identity(const IssuedKey& key, Clock::time_point deadline) {
  const std::string id = uuid_text(key.id);
  const std::optional<Sealed> sealed = co_await find(id, deadline);
  if (!sealed || !has_secret(key, sealed->hash)) co_return std::nullopt;
  std::optional<std::string> password = opened_password(key, sealed->password);
  if (!password) co_return std::nullopt;
  std::optional<Identity> identity(std::in_place);
  identity->user = sealed->role;
  identity->password = std::move(*password);
  identity->key_id = id;
  identity->valid_until = sealed->valid_until;
  co_return identity;
}

Task<bool> IssuedKeys::can_be_read(Clock::time_point deadline) {
  co_await find("00000000-0000-0000-0000-000000000000", deadline);
  co_return true;
}

Task<bool> IssuedKeys::exists(const std::string& id, Clock::time_point deadline) {
  const std::optional<Sealed> sealed = co_await find(id, deadline);
  co_return sealed.has_value();
}

void IssuedKeys::forget(const std::string& id) {
  known_.erase(id);
  const auto reading = reading_.find(id);
  if (reading != reading_.end()) reading->second.forgotten = true;
}

void IssuedKeys::forget_all() {
  known_.clear();
  for (auto& [id, state] : reading_) state.forgotten = true;
}

void IssuedKeys::tidy() {
  const Clock::time_point now = Clock::now();
  std::erase_if(known_, [now](const auto& one) { return one.second.read_at + kept_for <= now; });
}

}  // namespace connector::http
