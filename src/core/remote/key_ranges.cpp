#include "core/remote/key_ranges.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/remote/key_values.hpp"
#include "core/remote/source.hpp"

namespace connector::core {

namespace {

/// A stretch with more than so many shares of the rows is cut, if its values can be told apart.
constexpr double most_shares = 1.5;
/// Neighbours that have no more than so many together become one.
constexpr double most_shares_together = 1.25;

/// How many pieces a stretch is cut into at once. Where all rows lie in a small part of the values, each round of
/// questions comes so many times closer to them: 2^63 beside rows around 1 costs sixteen rounds.
constexpr double most_pieces = 16;

/// How many questions are asked in all, beside those about the first, even pieces: estimates that make no sense must
/// not keep it going.
constexpr std::size_t most_further_questions = 512;

/// Values from `first` to `last`.
struct Stretch {
  KeyPlace first;
  KeyPlace last;
  double rows = -1;  ///< not asked yet

  bool has_one_value() const noexcept { return first == last; }
};

/// Cuts the stretch evenly, into at most so many pieces, and adds them.
void cut(const Stretch& stretch, std::size_t pieces, std::vector<Stretch>& into) {
  const KeyPlace width = stretch.last - stretch.first;
  // In steps of one value there is one piece more than there are steps.
  const KeyPlace steps = std::max<std::size_t>(pieces, 1);
  const bool has_pieces_of_one = width < steps;
  const auto begin = [&](KeyPlace piece) {
    return stretch.first + (has_pieces_of_one ? piece : width / steps * piece + width % steps * piece / steps);
  };
  const KeyPlace count = has_pieces_of_one ? width + 1 : steps;
  for (KeyPlace piece = 0; piece < count; ++piece) {
    into.push_back({.first = begin(piece), .last = piece + 1 == count ? stretch.last : begin(piece + 1) - 1});
  }
}

class Division {
 public:
  Division(const LogicalType& type, Stretch all, std::size_t wanted, const KeyRangeEstimates& estimates)
      : type_(type), wanted_(wanted), estimates_(estimates) {
    cut(all, wanted, stretches_);
  }

  std::vector<KeyRange> run() {
    std::size_t left = most_further_questions;
    do ask();
    while (cut_large_ones(left));
    join_small_ones();
    std::vector<KeyRange> ranges;
    for (std::size_t i = 0; i < stretches_.size(); ++i) ranges.push_back(range(i));
    return ranges;
  }

 private:
  KeyRange range(std::size_t index) const {
    KeyRange range;
    if (index > 0) range.from = value_at(type_, stretches_[index].first);
    if (index + 1 < stretches_.size()) range.until = value_at(type_, stretches_[index + 1].first);
    return range;
  }

  /// About the stretches that were not asked about yet.
  void ask() {
    std::vector<std::size_t> indexes;
    std::vector<KeyRange> ranges;
    for (std::size_t i = 0; i < stretches_.size(); ++i) {
      if (stretches_[i].rows < 0) {
        indexes.push_back(i);
        ranges.push_back(range(i));
      }
      const bool is_last = i + 1 == stretches_.size();
      if (ranges.empty() || (ranges.size() < most_ranges_in_question && !is_last)) continue;
      const std::vector<double> rows = estimates_(ranges);
      for (std::size_t answer = 0; answer < indexes.size(); ++answer) {
        stretches_[indexes[answer]].rows = std::max(rows.at(answer), 0.0);
      }
      indexes.clear();
      ranges.clear();
    }
  }

  double share() const {
    double rows = 0;
    for (const Stretch& stretch : stretches_) rows += stretch.rows;
    return std::max(rows / static_cast<double>(wanted_), 1.0);
  }

  /// False if there are none, or no more questions are left.
  bool cut_large_ones(std::size_t& left) {
    const double share = this->share();
    std::vector<std::size_t> large;
    for (std::size_t i = 0; i < stretches_.size(); ++i) {
      if (stretches_[i].rows > share * most_shares && !stretches_[i].has_one_value()) large.push_back(i);
    }
    std::ranges::stable_sort(large, std::greater<>(), [&](std::size_t i) { return stretches_[i].rows; });
    std::vector<std::size_t> pieces(stretches_.size(), 1);
    bool found = false;
    for (const std::size_t i : large) {
      const double wished = std::min(std::ceil(2 * stretches_[i].rows / share), most_pieces);
      const std::size_t given = std::min(static_cast<std::size_t>(wished), left);
      if (given < 2) break;
      pieces[i] = given;
      left -= given;
      found = true;
    }
    if (!found) return false;
    std::vector<Stretch> next;
    for (std::size_t i = 0; i < stretches_.size(); ++i) {
      if (pieces[i] == 1) {
        next.push_back(stretches_[i]);
      } else {
        cut(stretches_[i], pieces[i], next);
      }
    }
    stretches_ = std::move(next);
    return true;
  }

  void join_small_ones() {
    const double share = this->share();
    std::vector<Stretch> joined;
    for (const Stretch& stretch : stretches_) {
      if (!joined.empty() && joined.back().rows + stretch.rows <= share * most_shares_together) {
        joined.back().last = stretch.last;
        joined.back().rows += stretch.rows;
      } else {
        joined.push_back(stretch);
      }
    }
    stretches_ = std::move(joined);
  }

  const LogicalType& type_;
  const std::size_t wanted_;
  const KeyRangeEstimates& estimates_;
  std::vector<Stretch> stretches_;
};

}  // namespace

std::vector<KeyRange> divide_key(const LogicalType& type, std::string_view least, std::string_view greatest,
                                 std::size_t wanted, const KeyRangeEstimates& estimates) {
  const std::optional<KeyPlace> first = place_of(type, least), last = place_of(type, greatest);
  if (!first || !last) return {};
  if (*first >= *last || wanted < 2) return {KeyRange{}};
  return Division(type, {.first = *first, .last = *last}, std::min(wanted, most_parts), estimates).run();
}

}  // namespace connector::core
