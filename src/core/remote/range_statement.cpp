#include "core/remote/range_statement.hpp"

#include <charconv>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

/// `column < bound`, whatever the bound is.
Expression any_comparison(std::size_t column) {
  return {.operation = Operator::less, .operands = {Expression::of_column(column), Expression::of_parameter(1)}};
}

bool is_number(std::string_view text) noexcept {
  return consists_of(text.starts_with('-') ? text.substr(1) : text, "0123456789");
}

std::optional<std::uint64_t> count_of(const std::optional<std::string>& text) noexcept {
  std::uint64_t count = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(count) : std::nullopt;
}

}  // namespace

std::string why_no_ranges(const Dialect& dialect, const RangeRequest& request,
                          const std::vector<RemoteColumn>& columns) {
  if (dialect.support(any_comparison(request.key), columns) != Support::exact) {
    return "the remote does not compare column " + quoted(columns.at(request.key).name) + " as PostgreSQL does";
  }
  if (request.where && dialect.support(*request.where, columns) != Support::exact) {
    return "the remote does not look at the condition on the rows as PostgreSQL does";
  }
  return {};
}

std::string select_hashes(const Dialect& dialect, const RangeRequest& request, const Dialect::Selection& selection,
                          const std::string& hash, const std::vector<RemoteColumn>& columns) {
  const RemoteColumn& key = columns.at(request.key);
  const std::optional<std::string> number = dialect.range_number(selection.column(request.key), key, request.bounds);
  if (!number) {
    throw Error(ErrorNumber::cannot_read, "a value of column " + quoted(key.name) + " can't be a bound of a range",
                "The remote has no such value, or would compare it otherwise than PostgreSQL.",
                "Synchronize the table without \"compare\": its rows are compared then.");
  }
  Dialect::Selection hashes = selection;
  hashes.list = *number + " AS r, " + hash + " AS h";
  return dialect.select({.where = request.where}, hashes, columns);
}

RangeSumReader::RangeSumReader(std::size_t bounds, std::string_view provider, std::string_view summary)
    : sums_(bounds + 2), provider_(provider), summary_(summary) {}

void RangeSumReader::add(RangeSumRow row) {
  constexpr std::size_t columns = 5;
  constexpr std::string_view not_as_asked = "the answer to a question for checksums is not as it was asked for";
  if (row.size() != columns) fail(not_as_asked, {});
  const std::optional<std::uint64_t> range = count_of(row[0]);
  const std::optional<std::uint64_t> rows = count_of(row[1]);
  const std::optional<std::uint64_t> without_hash = count_of(row[4]);
  if (!range || !rows || !without_hash || *range >= sums_.size() || *rows == 0) fail(not_as_asked, {});
  if (*without_hash > 0) {
    fail("the server gives no checksum for " + std::to_string(*without_hash) + " of the rows",
         "Synchronize the table without \"compare\": its rows are compared then.");
  }
  RangeSum& sum = sums_[*range];
  if (!row[2] || !row[3] || !is_number(*row[2]) || !is_number(*row[3]) || sum.rows != 0) fail(not_as_asked, {});
  sum.rows = *rows;
  sum.sums = *row[2] + ' ' + *row[3];
}

void RangeSumReader::fail(std::string_view why, std::string_view hint) const {
  throw remote_error({.provider = provider_,
                      .phase = Phase::execute,
                      .number = ErrorNumber::cannot_read,
                      .summary = summary_,
                      .remote_message = why,
                      .hint = hint});
}

}  // namespace connector::core
