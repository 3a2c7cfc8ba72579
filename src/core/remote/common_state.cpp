#include "core/remote/common_state.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"

namespace connector::core {

namespace {

/// How often connections that have come to another state than most join again.
constexpr int most_rounds = 5;
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

/// Why one of them could not join; nothing if all have. A connection that was lost ends the run.
std::optional<std::string> refusal(std::span<FurtherConnection* const> readers,
                                   std::span<const std::exception_ptr> thrown) {
  std::optional<std::string> reason;
  for (std::size_t i = 0; i < thrown.size(); ++i) {
    if (!thrown[i]) continue;
    try {
      std::rethrow_exception(thrown[i]);
    } catch (const Error& error) {
      if (!readers[i]->connection->usable()) throw;
      if (!reason) reason = error.message();
    }
  }
  return reason;
}

/// By the mark that most have.
std::string most_frequent(const std::map<FurtherConnection*, std::string>& marks) {
  std::map<std::string, int> counts;
  for (const auto& [reader, mark] : marks) ++counts[mark];
  return std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; })->first;
}

/// Why the readers have not come to the offered state; nothing if they have.
std::optional<std::string> why_not_joined(const Offer& offer, const FurtherConnections& readers, Wait& wait) {
  std::map<FurtherConnection*, std::string> marks;
  std::vector<FurtherConnection*> joining = each_of(readers);
  for (FurtherConnection* reader : joining) marks[reader];
  for (int round = 0; round <= most_rounds; ++round) {
    const auto join = [&](FurtherConnection& reader) { marks[&reader] = reader.connection->join_state(offer.token()); };
    if (auto reason = refusal(joining, run_together(joining, join, wait))) return reason;
    const std::string mark = most_frequent(marks);
    joining.clear();
    for (const auto& [reader, own] : marks) {
      if (own != mark) joining.push_back(reader);
    }
    if (joining.empty()) return std::nullopt;
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
    auto reason = why_not_joined(offer, readers, wait);
    offer.end();
    if (!reason) return {};
    remember(std::move(*reason));
  }
  return joined(reasons, "; ");
}

}  // namespace connector::core
