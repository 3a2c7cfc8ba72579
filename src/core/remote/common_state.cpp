#include "core/remote/common_state.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"

namespace connector::core {

namespace {

/// How often the connections join one offer.
constexpr int most_rounds = 6;
/// How long that takes in all, for one of them may get no answer.
constexpr std::chrono::seconds usual_limit{10};
constexpr std::chrono::seconds limit_for_writers{1};
/// More ways than any provider has.
constexpr int most_ways = 10;

/// The scope in which a state is offered.
class Offer {
 public:
  explicit Offer(Connection& offering) : offering_(offering) {}
  ~Offer() {
    if (is_over_) return;
    try {
      offering_.end_offer();
    } catch (...) {  // another exception is on its way, which says more
    }
  }
  Offer(const Offer&) = delete;
  Offer& operator=(const Offer&) = delete;

  /// Why nobody knows whether the state was offered until now; empty if it was.
  std::string end() {
    is_over_ = true;
    try {
      offering_.end_offer();
    } catch (const Error& error) {
      return error.message();
    }
    return {};
  }

 private:
  Connection& offering_;
  bool is_over_ = false;
};

bool is_usable(const std::unique_ptr<FurtherConnection>& reader) {
  return reader->connection && reader->connection->usable();
}

/// The connections join an offer.
class Joining {
 public:
  Joining(const FurtherConnections& readers, std::string token) : all_(each_of(readers)), token_(std::move(token)) {
    for (FurtherConnection* reader : all_) marks_[reader];
  }

  /// Why they have not come to the offered state; empty if they have. All of them join again where marks differ, not
  /// those alone that differ from most: their next marks would be of a later moment than the others'.
  std::string why_not(Wait& wait, std::chrono::seconds limit) {
    const Deadline deadline = std::chrono::steady_clock::now() + limit;
    for (int round = 0; round < most_rounds; ++round) {
      calls_.emplace(all_, join_);
      if (!calls_->wait(wait, deadline)) {
        return "the connections did not come to one state within " + std::to_string(limit.count()) + " s";
      }
      if (std::string reason = first_error(calls_->thrown()); !reason.empty()) return reason;
      const auto is_first = [&](const auto& mark) { return mark.second == marks_.begin()->second; };
      if (std::ranges::all_of(marks_, is_first)) return {};
    }
    return "others wrote there all the time while the connections came to one state";
  }

 private:
  const std::vector<FurtherConnection*> all_;
  const std::string token_;
  std::map<FurtherConnection*, std::string> marks_;
  const std::function<void(FurtherConnection&)> join_ = [this](FurtherConnection& reader) {
    marks_.at(&reader) = reader.connection->join_state(token_);
  };
  std::optional<CallsTogether> calls_;  ///< ends before what it uses
};

/// Why the readers have not come to the offered state; empty if they have. The offer has ended then.
std::string why_not_joined(Connection& offering, const StateOffer& state, const FurtherConnections& readers,
                           Wait& wait) {
  // Calls that hang are left behind the end of the offer, an interrupt included: that takes its time, in which others
  // may be held up.
  Joining joining(readers, state.token);
  Offer offer(offering);
  std::string reason = joining.why_not(wait, state.holds_up_writers ? limit_for_writers : usual_limit);
  std::string why_not_ended = offer.end();
  return reason.empty() ? why_not_ended : reason;
}

}  // namespace

std::string come_to_one_state(Connection& offering, const SourceRequest& of, const FurtherConnections& readers,
                              Wait& wait) {
  std::vector<std::string> reasons;
  const auto remember = [&](std::string reason) {
    if (std::ranges::find(reasons, reason) == reasons.end()) reasons.push_back(std::move(reason));
  };
  for (int way = 0; way < most_ways; ++way) {
    StateOffer state = offering.offer_state(of, way);
    if (!state.why_not.empty()) {
      remember(std::move(state.why_not));
      break;
    }
    std::string reason = why_not_joined(offering, state, readers, wait);
    if (reason.empty()) return {};
    remember(std::move(reason));
    if (!offering.usable() || !std::ranges::all_of(readers, is_usable)) break;
  }
  return joined(reasons, "; ");
}

}  // namespace connector::core
