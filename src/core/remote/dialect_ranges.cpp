// The SQL of ranges of a key.
#include <algorithm>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"

namespace connector::core {

namespace {

/// SQL Server takes no more levels of CASE in CASE ("CASE (Transact-SQL)").
constexpr int most_levels = 10;

/// Into how many parts each CASE must divide the ranges, so that most_levels are enough.
std::size_t parts_of_a_level(std::size_t ranges) noexcept {
  const auto reached = [](std::size_t parts) {
    std::size_t product = 1;
    for (int level = 0; level < most_levels; ++level) product *= parts;
    return product;
  };
  std::size_t parts = 2;
  while (reached(parts) < ranges) ++parts;
  return parts;
}

/// The number of one of `count` ranges, from `first` on. `below`: that a row lies before a range, for those but the
/// first.
std::string range_tree(const std::vector<std::string>& below, std::size_t first, std::size_t count, std::size_t parts,
                       const std::string& before) {
  if (count == 1 && before.empty()) return std::to_string(first);
  std::string sql = "CASE" + before;
  std::size_t begin = first;
  for (std::size_t part = 1; part <= parts; ++part) {
    const std::size_t end = first + count * part / parts;
    if (end == begin) continue;
    const std::string number = range_tree(below, begin, end - begin, parts, "");
    sql += end == first + count ? " ELSE " + number : " WHEN " + below[end] + " THEN " + number;
    begin = end;
  }
  return sql + " END";
}

}  // namespace

std::optional<std::string> Dialect::range_number(const std::string& column, const RemoteColumn& described,
                                                 std::span<const std::string> bounds) const {
  std::vector<std::string> below(1);  // nothing is below the first one
  for (const std::string& bound : bounds) {
    const std::optional<std::string> less = comparison(Operator::less, column, described, Expression::constant(bound));
    if (!less) return std::nullopt;
    below.push_back(*less);
  }
  const std::optional<std::string> is_null = null_test(Operator::is_null, column, described);
  if (!is_null) return std::nullopt;
  const std::size_t ranges = below.size();
  // In the outermost CASE, so that it is no level of its own.
  const std::string nulls = " WHEN " + *is_null + " THEN " + std::to_string(ranges);
  return range_tree(below, 0, ranges, parts_of_a_level(ranges), nulls);
}

std::optional<std::string> Dialect::key_range(const std::string& column, const RemoteColumn& described,
                                              const KeyRange& range) const {
  std::string sql;
  if (range.from) {
    const auto from = comparison(Operator::greater_or_equal, column, described, Expression::constant(*range.from));
    if (!from) return std::nullopt;
    sql = *from;
  }
  if (range.until) {
    const auto until = comparison(Operator::less, column, described, Expression::constant(*range.until));
    if (!until) return std::nullopt;
    sql += (sql.empty() ? "" : " AND ") + *until;
  }
  if (!sql.empty()) return sql;
  return described.not_null ? std::string("1 = 1") : null_test(Operator::is_not_null, column, described);
}

std::vector<std::string> Dialect::key_parts(const std::string& column, const RemoteColumn& described,
                                            std::span<const KeyRange> ranges) const {
  std::vector<std::string> parts;
  for (const KeyRange& range : ranges) {
    std::optional<std::string> part = key_range(column, described, range);
    if (!part) return {};
    parts.push_back(std::move(*part));
  }
  if (described.not_null) return parts;
  std::optional<std::string> nulls = null_test(Operator::is_null, column, described);
  if (!nulls) return {};
  parts.push_back(std::move(*nulls));
  return parts;
}

}  // namespace connector::core
