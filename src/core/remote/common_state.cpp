#include "core/remote/common_state.hpp"

#include <algorithm>
#include <map>

#include "core/base/list_text.hpp"

namespace connector::core {

namespace {

/// How often the connections join one offer.
constexpr int most_rounds = 6;
/// More ways than any provider has.
constexpr int most_ways = 10;

/// The scope in which a state is offered.
class Offer {
 public:
  Offer(Connection& offering, StateOffer offer) : offering_(offering), offer_(std::move(offer)) {}
  ~Offer() {
    if (is_over_) return;
    try {
      offering_.end_offer();
    } catch (...) {  // another exception is on its way, which says more
    }
  }
  Offer(const Offer&) = delete;
  Offer& operator=(const Offer&) = delete;

  const std::string& token() const noexcept { return offer_.token; }
  void end() {
    is_over_ = true;
    offering_.end_offer();
  }

 private:
  Connection& offering_;
  StateOffer offer_;
  bool is_over_ = false;
};

bool is_usable(const std::unique_ptr<FurtherConnection>& reader) {
  return reader->connection->usable();
}

/// Why the readers have not come to the offered state; empty if they have. All of them join again where marks differ,
/// not those alone that differ from most: their next marks would be of a later moment than the others'.
std::string why_not_joined(const Offer& offer, const FurtherConnections& readers, Wait& wait) {
  const std::vector<FurtherConnection*> all = each_of(readers);
  std::map<FurtherConnection*, std::string> marks;
  const auto join = [&](FurtherConnection& reader) { marks[&reader] = reader.connection->join_state(offer.token()); };
  for (int round = 0; round < most_rounds; ++round) {
    if (auto reason = first_error(run_together(all, join, wait)); !reason.empty()) return reason;
    const auto is_first = [&](const auto& mark) { return mark.second == marks.begin()->second; };
    if (std::ranges::all_of(marks, is_first)) return {};
  }
  return "others wrote there all the time while the connections came to one state";
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
    Offer offer(offering, std::move(state));
    std::string reason = why_not_joined(offer, readers, wait);
    offer.end();
    if (reason.empty()) return {};
    remember(std::move(reason));
    if (!std::ranges::all_of(readers, is_usable)) break;
  }
  return joined(reasons, "; ");
}

}  // namespace connector::core
