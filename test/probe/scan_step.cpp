#include "scan_step.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "json_values.hpp"
#include "pause.hpp"
#include "value_text.hpp"

namespace connector::probe {

namespace {

using namespace connector::core;

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorNumber::invalid_parameters, why);
}

const JsonValue* member(const JsonValue& object, std::string_view key) {
  const auto found = std::ranges::find(object.members, key, &JsonMember::key);
  return found == object.members.end() ? nullptr : &found->value;
}

template <typename Value, std::size_t count>
Value word(const std::pair<std::string_view, Value> (&words)[count], std::string_view text) {
  const auto found = std::ranges::find(words, text, &std::pair<std::string_view, Value>::first);
  if (found == std::end(words)) fail("no such word: " + std::string(text));
  return found->second;
}

constexpr std::pair<std::string_view, Operator> operators[] = {{"=", Operator::equal},
                                                               {"<>", Operator::not_equal},
                                                               {"<", Operator::less},
                                                               {"<=", Operator::less_or_equal},
                                                               {">", Operator::greater},
                                                               {">=", Operator::greater_or_equal},
                                                               {"distinct", Operator::distinct},
                                                               {"not_distinct", Operator::not_distinct},
                                                               {"like", Operator::like},
                                                               {"not_like", Operator::not_like},
                                                               {"in", Operator::in},
                                                               {"not_in", Operator::not_in},
                                                               {"is_null", Operator::is_null},
                                                               {"is_not_null", Operator::is_not_null},
                                                               {"and", Operator::logical_and},
                                                               {"or", Operator::logical_or}};

constexpr std::pair<std::string_view, JoinKind> join_kinds[] = {
    {"inner", JoinKind::inner}, {"left", JoinKind::left}, {"semi", JoinKind::semi}, {"anti", JoinKind::anti}};

constexpr std::pair<std::string_view, AggregateFunction> functions[] = {
    {"count_rows", AggregateFunction::count_rows},
    {"count", AggregateFunction::count},
    {"count_distinct", AggregateFunction::count_distinct},
    {"sum", AggregateFunction::sum},
    {"minimum", AggregateFunction::minimum},
    {"maximum", AggregateFunction::maximum}};

constexpr std::pair<std::string_view, Nulls> null_places[] = {
    {"first", Nulls::first}, {"last", Nulls::last}, {"wherever", Nulls::wherever}};

/// Sources that stand beside each other, and the names of their columns.
class Parts {
 public:
  void add(const Source& source) {
    begins_.push_back(names_.size());
    for (const RemoteColumn& column : source.description().columns) names_.push_back(column.name);
  }

  std::size_t column(std::string_view name) const {
    std::size_t begin = 0, end = names_.size();
    if (begins_.size() > 1) {
      const std::size_t point = name.find('.');
      const std::size_t part = point < 2 || name[0] != 'r' ? begins_.size() : std::stoul(std::string(name.substr(1)));
      if (part >= begins_.size()) fail("no such part: " + std::string(name));
      begin = begins_[part];
      if (part + 1 < begins_.size()) end = begins_[part + 1];
      name.remove_prefix(point + 1);
    }
    const auto last = names_.begin() + static_cast<std::ptrdiff_t>(end);
    const auto found = std::find(names_.begin() + static_cast<std::ptrdiff_t>(begin), last, name);
    if (found == last) fail("no such column: " + std::string(name));
    return static_cast<std::size_t>(found - names_.begin());
  }

  Expression condition(const JsonValue& json) const {
    const std::vector<JsonValue>& items = json.items;
    if (items.empty()) fail("a condition is an array");
    Expression condition{.operation = word(operators, items[0].text)};
    for (std::size_t i = 1; i < items.size(); ++i) {
      condition.operands.push_back(condition.is_logical() ? this->condition(items[i])
                                   : i == 1               ? Expression::of_column(column(items[i].text))
                                                          : operand(items[i]));
    }
    return condition;
  }

 private:
  Expression operand(const JsonValue& json) const {
    if (const JsonValue* name = member(json, "column")) return Expression::of_column(column(name->text));
    return json.type == JsonValue::Type::null ? Expression::null() : Expression::constant(json.text);
  }

  std::vector<std::size_t> begins_;
  std::vector<std::string> names_;
};

Scan scan_of(const JsonValue& request, const Parts& parts) {
  Scan scan;
  const auto items = [&](std::string_view key) {
    const JsonValue* value = member(request, key);
    return value == nullptr ? std::vector<JsonValue>{} : value->items;
  };
  for (const JsonValue& item : items("columns")) scan.columns.push_back(parts.column(item.text));
  for (const JsonValue& item : items("joins")) {
    scan.joins.push_back({word(join_kinds, item.items.at(0).text), parts.condition(item.items.at(1))});
  }
  if (const JsonValue* grouped = member(request, "grouped")) scan.is_grouped = grouped->text == "true";
  for (const JsonValue& item : items("aggregates")) {
    Aggregate& aggregate = scan.aggregates.emplace_back();
    aggregate.function = word(functions, item.items.at(0).text);
    if (item.items.size() > 1) aggregate.column = parts.column(item.items[1].text);
  }
  if (const JsonValue* where = member(request, "where")) scan.where = parts.condition(*where);
  const JsonValue* nulls = member(request, "nulls");
  for (const JsonValue& item : items("order_by")) {
    const bool descending = item.items.size() > 1;
    scan.order_by.push_back({.column = parts.column(descending ? item.items[0].text : item.text),
                             .descending = descending,
                             .nulls = word(null_places, nulls == nullptr ? "last" : nulls->text)});
  }
  if (const JsonValue* limit = member(request, "limit")) scan.limit = std::stoll(limit->text);
  if (const JsonValue* offset = member(request, "offset")) scan.offset = std::stoll(offset->text);
  return scan;
}

/// What the remote can't do of it; empty = nothing. `columns` get what arrives.
std::string refusal(Source& source, const Scan& scan, Support support, std::vector<RemoteColumn>& columns) {
  const std::vector<RemoteColumn>& described = source.description().columns;
  for (std::size_t i = 0; i < scan.joins.size(); ++i) {
    if (!source.joins(scan.joins[i])) return "joins " + std::to_string(i);
  }
  const bool needs_exact = !scan.joins.empty() || scan.is_grouped || !scan.order_by.empty() || scan.limit;
  if (support == Support::none || (needs_exact && support != Support::exact)) return "where";
  for (const std::size_t column : scan.columns) {
    if (scan.is_grouped && !source.groups_by(column)) return "group " + described[column].name;
    columns.push_back(described[column]);
  }
  for (std::size_t i = 0; i < scan.aggregates.size(); ++i) {
    const std::optional<RemoteColumn> arriving = source.aggregate(scan.aggregates[i]);
    if (!arriving) return "aggregate " + std::to_string(i);
    columns.push_back(*arriving);
  }
  for (const OrderBy& item : scan.order_by) {
    if (!source.orders_by(item.column)) return "order_by " + described[item.column].name;
  }
  return (scan.is_grouped || !scan.joins.empty()) && !source.takes(scan) ? "scan" : "";
}

JsonValue read_rows(Source& source, const Scan& scan, const std::vector<RemoteColumn>& columns) {
  std::vector<BatchColumn> described;
  for (const RemoteColumn& column : columns) {
    described.push_back({.name = column.name, .type = column.type, .form = column.form, .encoding = column.encoding});
  }
  RowBatch batch(std::move(described), InvalidValues::null);
  JsonValue rows = json(JsonValue::Type::array);
  const std::unique_ptr<RemoteCursor> cursor = source.open(scan);
  for (bool more = true; more; batch.clear()) {
    more = cursor->fetch(batch);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      JsonValue& values = rows.items.emplace_back(json(JsonValue::Type::array));
      for (std::size_t column = 0; column < batch.columns(); ++column) {
        const bool is_null = batch.nulls(column)[row];
        values.items.push_back(is_null ? json(JsonValue::Type::null)
                                       : json(value_text(batch.column(column), batch.values(column)[row])));
      }
    }
  }
  return rows;
}

std::string refused(std::string what) {
  return json_text(json(std::vector<JsonMember>{{"refused", json(std::move(what))}}));
}

}  // namespace

std::string scan_text(Connection& connection, Source& source, const JsonValue& request, const DescribePart& describe) {
  Parts parts;
  parts.add(source);
  std::vector<std::unique_ptr<Source>> others;
  std::unique_ptr<Source> joined;
  if (const JsonValue* more = member(request, "parts")) {
    std::vector<Source*> all = {&source};
    for (const JsonValue& keys : more->items) {
      parts.add(*others.emplace_back(describe(keys)));
      all.push_back(others.back().get());
    }
    joined = connection.join(all);
    if (joined == nullptr) return refused("join");
    others.clear();
  }
  Source& read = joined ? *joined : source;
  const Scan scan = scan_of(request, parts);
  const Support support = scan.where ? read.support(*scan.where) : Support::exact;
  std::vector<RemoteColumn> columns;
  if (const std::string what = refusal(read, scan, support, columns); !what.empty()) return refused(what);
  const std::string statement = read.statement(scan);
  if (const JsonValue* path = member(request, "pause")) pause(path->text);
  const JsonValue* again = member(request, "again");
  JsonValue rows;
  for (long i = again == nullptr ? 1 : std::stol(again->text); i > 0; --i) rows = read_rows(read, scan, columns);
  const auto described = [](const RemoteColumn& column) {
    return json(std::vector<std::string>{column.name, sql_type_name(column.type), column.remote_type});
  };
  return json_text(json(std::vector<JsonMember>{{"statement", json(statement)},
                                                {"support", json(support == Support::exact ? "exact" : "narrowing")},
                                                {"columns", json_array(columns, described)},
                                                {"rows", rows}}));
}

}  // namespace connector::probe
