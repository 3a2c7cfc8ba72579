#include "core/rows/numeric.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace connector::core {

namespace {

constexpr unsigned base = 10000;
constexpr int digits_per_group = 4;
constexpr unsigned powers_of_ten[] = {1, 10, 100, 1000, 10000};

// Header bits of the short and the long form.
constexpr unsigned short_form = 0x8000;
constexpr unsigned short_negative = 0x2000;
constexpr int short_scale_shift = 7;
constexpr int short_max_scale = 0x3f;
constexpr unsigned short_weight_bits = 0x7f;  // a sign bit and six others: seven bits of two's complement
constexpr int short_max_weight = 63;
constexpr int short_min_weight = -64;
constexpr unsigned long_negative = 0x4000;

bool fits_short(int weight, int scale) noexcept {
  return scale <= short_max_scale && weight >= short_min_weight && weight <= short_max_weight;
}

std::size_t payload_size(int weight, int scale, std::size_t groups) noexcept {
  return (fits_short(weight, scale) ? 1 : 2) * sizeof(std::uint16_t) + groups * sizeof(std::uint16_t);
}

char* put(char* to, unsigned value) noexcept {
  const auto word = static_cast<std::uint16_t>(value);
  std::memcpy(to, &word, sizeof word);
  return to + sizeof word;
}

char* put_header(char* to, bool negative, int weight, int scale) noexcept {
  if (fits_short(weight, scale)) {
    return put(to, short_form | (negative ? short_negative : 0) | static_cast<unsigned>(scale) << short_scale_shift |
                       (static_cast<unsigned>(weight) & short_weight_bits));
  }
  to = put(to, (negative ? long_negative : 0) | static_cast<unsigned>(scale));
  return put(to, static_cast<unsigned>(weight));
}

/// Division that rounds down, for places before the point.
std::ptrdiff_t group_of(std::ptrdiff_t place) noexcept {
  return place >= 0 ? place / digits_per_group : -((-place + digits_per_group - 1) / digits_per_group);
}

}  // namespace

PackedInteger::PackedInteger(__int128 unscaled, int scale) noexcept : scale_(scale), negative_(unscaled < 0) {
  auto magnitude = static_cast<unsigned __int128>(unscaled);
  if (negative_) magnitude = -magnitude;
  if (magnitude == 0) {
    negative_ = false;
    return;
  }
  // The last group behind the point may hold fewer than four digits of the integer: take those first, so that all
  // other groups are plain remainders.
  const int fraction_groups = (scale + digits_per_group - 1) / digits_per_group;
  if (const int partial = scale % digits_per_group; partial != 0) {
    const unsigned power = powers_of_ten[partial];
    const unsigned missing = powers_of_ten[digits_per_group - partial];
    if (magnitude <= std::numeric_limits<std::uint64_t>::max()) {
      const auto small = static_cast<std::uint64_t>(magnitude);
      digits_[--first_] = static_cast<std::uint16_t>(small % power * missing);
      magnitude = small / power;
    } else {
      digits_[--first_] = static_cast<std::uint16_t>(static_cast<unsigned>(magnitude % power) * missing);
      magnitude /= power;
    }
  }
  constexpr std::uint64_t four_groups = 10'000'000'000'000'000;
  while (magnitude > std::numeric_limits<std::uint64_t>::max()) {
    auto low = static_cast<std::uint64_t>(magnitude % four_groups);
    magnitude /= four_groups;
    for (int i = 0; i < 4; ++i, low /= base) digits_[--first_] = static_cast<std::uint16_t>(low % base);
  }
  for (auto small = static_cast<std::uint64_t>(magnitude); small != 0; small /= base) {
    digits_[--first_] = static_cast<std::uint16_t>(small % base);
  }
  weight_ = (capacity - first_) - fraction_groups - 1;
  while (digits_[first_] == 0) ++first_, --weight_;
  while (digits_[end_ - 1] == 0) --end_;
}

std::size_t PackedInteger::size() const noexcept {
  return payload_size(weight_, scale_, static_cast<std::size_t>(end_ - first_));
}

void PackedInteger::write(char* payload) const noexcept {
  char* to = put_header(payload, negative_, weight_, scale_);
  if (first_ < end_) std::memcpy(to, digits_ + first_, static_cast<std::size_t>(end_ - first_) * sizeof digits_[0]);
}

std::optional<PackedDecimal> PackedDecimal::parse(std::string_view text, int scale) noexcept {
  PackedDecimal result;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    result.negative_ = text.front() == '-';
    text.remove_prefix(1);
  }
  std::size_t point = text.size();
  std::size_t first = text.size();  // of the digits that are not zero
  std::size_t last = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && point == text.size()) {
      point = i;
    } else if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    } else if (text[i] != '0') {
      first = std::min(first, i);
      last = i;
    }
  }
  const std::size_t fraction = point == text.size() ? 0 : text.size() - point - 1;
  if (point + fraction == 0) return std::nullopt;  // no digit at all
  if (fraction > static_cast<std::size_t>(max_numeric_scale)) return std::nullopt;
  result.scale_ = std::max(scale, static_cast<int>(fraction));
  if (first == text.size()) {
    result.negative_ = false;
    return result;
  }
  const auto place = [&](std::size_t index) {
    const std::ptrdiff_t distance = static_cast<std::ptrdiff_t>(index) - static_cast<std::ptrdiff_t>(point);
    return distance > 0 ? distance - 1 : distance;  // the point itself takes a place of the text
  };
  result.first_place_ = place(first);
  const std::ptrdiff_t first_group = group_of(result.first_place_);
  if (-first_group - 1 > max_numeric_weight) return std::nullopt;
  result.weight_ = static_cast<int>(-first_group - 1);
  result.groups_ = static_cast<std::size_t>(group_of(place(last)) - first_group + 1);
  result.digits_ = text.substr(first, last - first + 1);
  return result;
}

std::size_t PackedDecimal::size() const noexcept {
  return payload_size(weight_, scale_, groups_);
}

void PackedDecimal::write(char* payload) const noexcept {
  char* to = put_header(payload, negative_, weight_, scale_);
  if (groups_ == 0) return;
  // Where the first digit stands in its group of four.
  std::ptrdiff_t in_group = first_place_ - group_of(first_place_) * digits_per_group;
  unsigned group = 0;
  for (const char character : digits_) {
    if (character == '.') continue;
    group = group * 10 + static_cast<unsigned>(character - '0');
    if (++in_group == digits_per_group) {
      to = put(to, group);
      group = 0;
      in_group = 0;
    }
  }
  if (in_group != 0) put(to, group * powers_of_ten[digits_per_group - in_group]);
}

PackedGroups::PackedGroups(std::span<std::uint16_t> groups, int weight, int scale, bool negative) noexcept
    : scale_(scale) {
  // Groups that stand at least partly before the end of the scale.
  const std::ptrdiff_t kept =
      static_cast<std::ptrdiff_t>(weight) + 1 + (scale + digits_per_group - 1) / digits_per_group;
  if (kept <= 0) return;
  if (static_cast<std::size_t>(kept) <= groups.size()) {
    groups = groups.first(static_cast<std::size_t>(kept));
    if (const int partial = scale % digits_per_group; partial != 0) {
      std::uint16_t& last = groups.back();
      last = static_cast<std::uint16_t>(last - last % powers_of_ten[digits_per_group - partial]);
    }
  }
  while (!groups.empty() && groups.front() == 0) {
    groups = groups.subspan(1);
    --weight;
  }
  while (!groups.empty() && groups.back() == 0) groups = groups.first(groups.size() - 1);
  if (groups.empty()) return;
  groups_ = groups;
  weight_ = weight;
  negative_ = negative;
}

std::size_t PackedGroups::size() const noexcept {
  return payload_size(weight_, scale_, groups_.size());
}

void PackedGroups::write(char* payload) const noexcept {
  char* to = put_header(payload, negative_, weight_, scale_);
  if (!groups_.empty()) std::memcpy(to, groups_.data(), groups_.size_bytes());
}

bool is_numeric_payload(std::string_view payload) noexcept {
  const auto word = [&](std::size_t at) {
    std::uint16_t value;
    std::memcpy(&value, payload.data() + at * sizeof value, sizeof value);
    return value;
  };
  if (payload.size() < sizeof(std::uint16_t) || payload.size() % sizeof(std::uint16_t) != 0) return false;
  const std::size_t words = payload.size() / sizeof(std::uint16_t);
  const unsigned header = word(0);
  if ((header & static_cast<unsigned>(NumericSpecial::nan)) == static_cast<unsigned>(NumericSpecial::nan)) {
    const auto special = static_cast<NumericSpecial>(header);
    return words == 1 && (special == NumericSpecial::nan || special == NumericSpecial::infinity ||
                          special == NumericSpecial::minus_infinity);
  }
  const std::size_t first = (header & short_form) != 0 ? 1 : 2;
  if (words < first) return false;
  for (std::size_t at = first; at < words; ++at) {
    if (word(at) >= base) return false;
  }
  return words == first || (word(first) != 0 && word(words - 1) != 0);
}

}  // namespace connector::core
