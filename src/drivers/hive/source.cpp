#include "drivers/hive/source.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "core/remote/chosen_columns.hpp"
#include "core/base/utf8.hpp"
#include "drivers/hive/catalog.hpp"
#include "drivers/hive/dialect.hpp"
#include "core/base/list_text.hpp"

namespace connector::hive {

namespace {

using core::Phase;

/// Up to there a limit is sent with a query.
constexpr std::int64_t short_limit = 10'000;

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(core::ErrorNumber::invalid_parameters, std::move(message), "Provider hive, phase describe.",
                     std::move(hint));
}

/// Names as `table.column`: a server that was not told, or does not heed, hive.resultset.use.unique.column.names. Only
/// if all are so: the setting is for the whole result, and a column may have a point of its own.
bool all_qualified(const rpc::TableSchema& schema) {
  return std::all_of(schema.columns.begin(), schema.columns.end(), [](const rpc::ColumnDesc& column) {
    const auto point = column.columnName.find('.');
    return point != std::string::npos && point > 0 && point + 1 < column.columnName.size();
  });
}

std::vector<std::string> column_names(const rpc::TableSchema& schema) {
  const bool qualified = all_qualified(schema);
  std::vector<std::string> names;
  for (const rpc::ColumnDesc& column : schema.columns) {
    const std::string& name = column.columnName;
    names.push_back(qualified ? name.substr(name.find('.') + 1) : name);
  }
  return names;
}

/// Whether each column can be asked for by its name, and has the name that it has in the query itself: Hive calls the
/// second one of a name _col1 where a query is a part of another.
bool can_be_named(const std::vector<std::string>& names) {
  std::set<std::string> known;
  return std::ranges::all_of(names, [&](const std::string& name) {
    return !name.empty() && !name.starts_with("_col") && known.insert(core::lower_ascii(name)).second;
  });
}

bool compares_columns(const core::Expression& condition) {
  if (condition.is_logical()) return std::ranges::any_of(condition.operands, &compares_columns);
  return core::columns_of(condition).size() > 1;
}

ColumnRule count_rule() {
  return {.decode = Decode::integer, .type = {.kind = core::TypeKind::int8}, .remote_type = "bigint"};
}

/// Of what the dialect sums(), as decimals of 38 digits.
ColumnRule sum_rule(const core::LogicalType& summed) {
  const std::int32_t scale = summed.kind == core::TypeKind::numeric ? summed.scale : 0;
  return {.decode = Decode::decimal,
          .type = {.kind = core::TypeKind::numeric, .length = most_decimal_digits, .scale = scale},
          .remote_type = widest_decimal(scale)};
}

/// A number with all its digits.
std::string shortest_text(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

}  // namespace

HiveSource::HiveSource(Session& session, const core::SourceRequest& request, std::string_view default_schema)
    : session_(session), encoding_(request.encoding.value_or("UTF8")) {
  if (request.query.empty()) {
    schema_name_ = request.schema.empty() ? default_schema : std::string_view(request.schema);
    table_name_ = request.table;
    parts_ = {{.relation = quote_table(schema_name_, table_name_)}};
    summary_ = "could not read table " + core::quoted(schema_name_) + '.' + core::quoted(table_name_);
    describe_table(request);
  } else {
    summary_ = "could not run the query";
    describe_query(request);
  }
}

HiveSource::HiveSource(Session& session, std::span<HiveSource* const> parts, core::SourceDescription description,
                       bool is_null_test_exact)
    : session_(session),
      summary_("could not read joined tables"),
      description_(std::move(description)),
      is_null_test_exact_(is_null_test_exact) {
  for (const HiveSource* source : parts) {
    const std::string alias = core::part_alias(parts_.size());
    parts_.push_back({.relation = source->parts_[0].relation, .first_column = columns_.size()});
    for (SourceColumn column : source->columns_) {
      column.sql = alias + '.' + column.sql;
      columns_.push_back(std::move(column));
    }
  }
}

HiveSource::~HiveSource() {
  if (unread_operation_) session_.leave_operation(*unread_operation_);
}

/// `name`: as the source has it, for a column that was not asked for by name.
void HiveSource::add_column(const rpc::ColumnDesc& column, const std::string& name, std::size_t wire_column,
                            const core::SourceRequest& request) {
  const core::ColumnRequest* asked = request.columns.empty() ? nullptr : &request.columns[columns_.size()];
  const std::optional<core::LogicalType> wanted = asked == nullptr ? std::nullopt : asked->wanted;
  ColumnRule rule = column_rule(column.typeDesc, wanted);
  core::RemoteColumn& described = description_.columns.emplace_back();
  described.name = asked == nullptr ? name : asked->name;
  described.remote_type = rule.remote_type;
  described.type = rule.type;
  described.form = rule.form;
  described.encoding = encoding_;
  described.is_rounded = rule.decode == Decode::timestamp;
  described.may_become_null = request.invalid_become_null && may_be_invalid(rule.decode);
  // Text that is declared to be something else than it is can't be compared there.
  described.is_comparable = !request.encoding || !core::is_text_kind(rule.type.kind);
  columns_.push_back({wire_column, std::move(rule), wanted, quote_identifier(described.name)});
}

void HiveSource::describe_table(const core::SourceRequest& request) {
  const Task task{Phase::describe, summary_};
  std::string list;
  for (const core::ColumnRequest& column : request.columns) {
    core::add_item(list, quote_identifier(column.name));
  }
  // Servers don't run what can have no rows (Hive: TaskCompiler, "Limit 0").
  session_.execute("SELECT " + (list.empty() ? "*" : list) + " FROM " + parts_[0].relation + " LIMIT 0", task);
  const rpc::TableSchema schema = session_.result_schema(task);
  session_.close_operation(task);
  const std::vector<std::string> names = column_names(schema);
  if (!request.columns.empty() && names.size() != request.columns.size()) {
    throw_malformed("the server tells of other columns than those asked for", task);
  }
  for (std::size_t i = 0; i < names.size(); ++i) add_column(schema.columns[i], names[i], i, request);
  try {
    const CatalogTable catalog = read_catalog(session_, schema_name_, table_name_);
    description_.comment = catalog.comment;
    is_table_ = catalog.is_table;
    for (core::RemoteColumn& column : description_.columns) {
      const auto known = catalog.columns.find(core::lower_ascii(column.name));
      if (known == catalog.columns.end()) continue;
      column.not_null = known->second.not_null;
      column.comment = known->second.comment;
    }
  } catch (const core::Error&) {
    // Not every server has these calls, and the rows can be read without comments.
    if (!session_.usable()) throw;
  }
}

void HiveSource::describe_query(const core::SourceRequest& request) {
  query_ = without_terminator(request.query);
  std::optional<rpc::TableSchema> schema = derived_schema();
  if (!schema) {
    const Task task{Phase::execute, summary_};
    run_query(task);
    unread_operation_ = session_.operation_number();
    schema = session_.result_schema(task);
  }
  const std::vector<std::string> names = column_names(*schema);
  query_columns_ = names.size();
  if (names.empty()) throw request_error("the query yields no columns");
  for (const std::size_t index : core::chosen_columns(names, request, "hive")) {
    add_column(schema->columns[index], names[index], index, request);
  }
}

/// The columns of the query as a part of another one, by a statement that reads no rows. Nothing if it can't be a part,
/// as SHOW, or if its columns have other names there.
std::optional<rpc::TableSchema> HiveSource::derived_schema() {
  const Task task{Phase::describe, summary_};
  // The line breaks end a comment that the query may end with.
  std::string derived = "(\n" + query_ + "\n)";
  try {
    session_.execute("SELECT * FROM " + derived + " q LIMIT 0", task);
    rpc::TableSchema schema = session_.result_schema(task);
    session_.close_operation(task);
    if (!can_be_named(column_names(schema))) return std::nullopt;
    parts_ = {{.relation = std::move(derived)}};
    return schema;
  } catch (const core::Error&) {
    if (!session_.usable()) throw;
    return std::nullopt;
  }
}

void HiveSource::run_query(const Task& task) {
  session_.execute(query_, task);
  if (session_.has_result()) return;
  session_.close_operation(task);
  throw request_error("the query yields no rows",
                      "Only a statement with a result can be read, as SELECT and SHOW have.");
}

void HiveSource::look_at_partitions() {
  if (!is_table_ || std::exchange(knows_partitions_, true)) return;
  const auto is_text = [](const core::RemoteColumn& column) { return column.type.kind == core::TypeKind::text; };
  if (std::ranges::none_of(description_.columns, is_text)) return;
  try {
    const std::set<std::string> partitions = read_partition_columns(session_, parts_[0].relation);
    for (core::RemoteColumn& column : description_.columns) {
      if (is_text(column) && !partitions.contains(core::lower_ascii(column.name))) column.collation = binary_collation;
    }
  } catch (const core::Error&) {
    // Then nothing is known of any.
    if (!session_.usable()) throw;
  }
}

core::Support HiveSource::support(const core::Expression& condition) {
  if (compares_columns(condition)) look_at_partitions();
  return parts_.empty() ? core::Support::none : dialect().support(condition, description_.columns);
}

bool HiveSource::orders_by(std::size_t column) {
  const core::RemoteColumn& described = description_.columns[column];
  return !parts_.empty() && (described.is_rounded || dialect().orders(described));
}

bool HiveSource::groups_by(std::size_t column) {
  return !parts_.empty() && dialect().groups(description_.columns[column]);
}

std::optional<core::RemoteColumn> HiveSource::aggregate(const core::Aggregate& aggregate) {
  if (parts_.empty() || !dialect().aggregates(aggregate, description_.columns)) return std::nullopt;
  const ColumnRule rule = rule_of(aggregate);
  core::RemoteColumn told;
  const bool has_column = aggregate.function != core::AggregateFunction::count_rows;
  told.name = has_column ? description_.columns[aggregate.column].name : "count";
  told.remote_type = rule.remote_type;
  told.type = rule.type;
  told.form = rule.form;
  return told;
}

/// What its values are: by "Built-in Aggregate Functions (UDAF)" of Hive's manual and Spark's Count and Sum a count is
/// a bigint, and the sum of a decimal of 38 digits one of 38 digits.
ColumnRule HiveSource::rule_of(const core::Aggregate& aggregate) const {
  switch (aggregate.function) {
    case core::AggregateFunction::minimum:
    case core::AggregateFunction::maximum:
      return columns_[aggregate.column].rule;
    case core::AggregateFunction::sum:
      return sum_rule(columns_[aggregate.column].rule.type);
    default:
      return count_rule();
  }
}

/// Hive joins by equality, and older versions take nothing else that is about two parts ("LanguageManual Joins": others
/// from 2.2.0 on). Beside it stand conditions on the part that is joined, which is the last one of those that the
/// condition knows.
bool HiveSource::joins(const core::Join& join) {
  if (parts_.size() < 2 || !dialect().joins(join, description_.columns)) return false;
  std::size_t last = 0;
  for (const std::size_t column : core::columns_of(join.on)) last = std::max(last, part_of(column));
  const auto is_of_last = [&](std::size_t column) { return part_of(column) == last; };
  const std::vector<core::Expression> one{join.on};
  const bool is_and = join.on.is_logical() && join.on.operation == core::Operator::logical_and;
  std::size_t equalities = 0;
  for (const core::Expression& condition : is_and ? join.on.operands : one) {
    const std::vector<std::size_t> columns = core::columns_of(condition);
    if (std::ranges::all_of(columns, is_of_last)) continue;
    if (condition.operation != core::Operator::equal || columns.size() != 2) return false;
    if (!is_of_last(columns[0]) && !is_of_last(columns[1])) return false;
    ++equalities;
  }
  return equalities > 0;
}

/// Older versions, and any without hive.cbo.enable, take one EXISTS in a statement: "Only 1 SubQuery expression is
/// supported" (org.apache.hadoop.hive.ql.parse.QBSubQuery). With hive.groupby.skewindata no version takes several
/// columns behind DISTINCT (ErrorMsg.UNSUPPORTED_MULTIPLE_DISTINCTS).
bool HiveSource::takes(const core::Scan& scan) {
  if (parts_.empty()) return false;
  if (std::ranges::count_if(scan.joins, core::is_semi_or_anti, &core::Join::kind) > 1) return false;
  std::set<std::size_t> distinct;
  for (const core::Aggregate& aggregate : scan.aggregates) {
    if (aggregate.function == core::AggregateFunction::count_distinct) distinct.insert(aggregate.column);
  }
  return distinct.size() <= 1 && (is_null_test_exact_ || !asks_for_no_partner(scan));
}

/// Whether a column that a LEFT JOIN may have made NULL is looked for as NULL.
bool HiveSource::asks_for_no_partner(const core::Scan& scan) const {
  const auto may_be_null = [&](std::size_t column) {
    const std::size_t part = part_of(column);
    return part > 0 && scan.joins.at(part - 1).kind == core::JoinKind::left;
  };
  const auto is_asked_for = [&](const auto& self, const core::Expression& condition) -> bool {
    if (condition.is_logical()) {
      return std::ranges::any_of(condition.operands, [&](const auto& part) { return self(self, part); });
    }
    using enum core::Operator;
    const bool finds_null = condition.operation == is_null || condition.operation == not_distinct;
    return finds_null && std::ranges::any_of(core::columns_of(condition), may_be_null);
  };
  return scan.where && is_asked_for(is_asked_for, *scan.where);
}

std::size_t HiveSource::part_of(std::size_t column) const noexcept {
  std::size_t part = parts_.size() - 1;
  while (parts_[part].first_column > column) --part;
  return part;
}

std::string HiveSource::statement(const core::Scan& scan) {
  if (is_read_as_it_is(scan)) return query_;
  core::Dialect::Selection selection;
  selection.column = [this](std::size_t index) { return columns_[index].sql; };
  // Answers of "hive.optimize.metadataonly" have partitions without rows; a count of rows keeps it away.
  if (scan.is_grouped) selection.list = "COUNT(*)";
  for (const std::size_t index : scan.columns) {
    if (!scan.is_grouped) core::add_item(selection.list, columns_[index].sql);
  }
  for (const std::size_t index : columns_beside(scan)) {
    const std::string& sql = columns_[index].sql;
    core::add_item(selection.list, scan.is_grouped ? "MIN(" + sql + ')' : sql);
  }
  if (selection.list.empty()) selection.list = "1";
  // Statistics of the catalog, from which Hive answers otherwise ("hive.compute.query.using.stats"), know nothing of
  // files that have come by other ways.
  if (scan.is_grouped && scan.columns.empty()) selection.condition = "rand() >= 0";
  if (scan.sample) selection.condition = "rand() < CAST('" + shortest_text(*scan.sample) + "' AS DOUBLE)";
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::string alias = parts_.size() > 1 ? ' ' + core::part_alias(i) : query_.empty() ? "" : " q";
    if (i == 0) {
      selection.from = parts_[i].relation + alias;
    } else {
      selection.joined.push_back(parts_[i].relation + alias);
    }
  }
  return dialect().select(scan, selection, description_.columns);
}

/// Whether the query itself is run.
bool HiveSource::is_read_as_it_is(const core::Scan& scan) const {
  if (parts_.empty()) return true;
  if (query_.empty() || scan.where || !scan.order_by.empty() || scan.sample || scan.is_grouped) return false;
  // In another statement its order would be lost (hive.remove.orderby.in.subquery).
  if (may_order_rows(query_)) return true;
  // A LIMIT costs a step in which one process has all rows.
  const bool has_short_limit = scan.limit && scan.offset < short_limit && *scan.limit < short_limit - scan.offset;
  return !has_short_limit && scan.columns.size() == columns_.size();
}

/// Columns that the scan is about and does not yield, and that stand behind what it yields: what they are now is looked
/// at, too, and older servers order by selected columns only. Of groups, the least value, which not all types have; not
/// what EXISTS has.
std::vector<std::size_t> HiveSource::columns_beside(const core::Scan& scan) const {
  std::vector<std::size_t> beside;
  const auto add = [&](std::size_t column) {
    const std::size_t part = part_of(column);
    if (part > 0 && core::is_semi_or_anti(scan.joins.at(part - 1).kind)) return;
    if (scan.is_grouped && !dialect().orders(description_.columns[column])) return;
    const auto is_there = [column](const auto& list) { return std::ranges::find(list, column) != list.end(); };
    if (!is_there(scan.columns) && !is_there(beside)) beside.push_back(column);
  };
  std::ranges::for_each(core::columns_of(scan), add);
  return beside;
}

/// What the result of statement() has.
std::vector<HiveSource::SourceColumn> HiveSource::result_columns(const core::Scan& scan) const {
  std::vector<SourceColumn> columns;
  const auto add = [&](std::size_t column) { columns.push_back(columns_[column]); };
  std::ranges::for_each(scan.columns, add);
  for (const core::Aggregate& aggregate : scan.aggregates) columns.push_back({.rule = rule_of(aggregate)});
  if (scan.is_grouped) columns.push_back({.rule = count_rule()});
  std::ranges::for_each(columns_beside(scan), add);
  return columns;
}

std::unique_ptr<core::RemoteCursor> HiveSource::open(const core::Scan& scan) {
  const bool is_query = is_read_as_it_is(scan);
  std::vector<Reading> readings = is_query ? readings_of_query(scan) : readings_of_scan(scan);
  const std::size_t wire_columns = is_query ? query_columns_ : std::max<std::size_t>(result_columns(scan).size(), 1);
  return std::make_unique<HiveCursor>(session_, std::move(readings), wire_columns, scan.limit, scan.offset, summary_);
}

std::vector<Reading> HiveSource::readings_of_scan(const core::Scan& scan) {
  check_columns_out_of_sight(scan);
  const Task task{Phase::execute, summary_};
  session_.execute(statement(scan), task);
  const rpc::TableSchema schema = session_.result_schema(task);
  const std::vector<SourceColumn> columns = result_columns(scan);
  if (schema.columns.size() != std::max<std::size_t>(columns.size(), 1)) {
    throw_malformed("the server tells of other columns than those asked for", task);
  }
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    check_rule(columns[i], schema.columns[i]);
    if (i < scan.columns.size() + scan.aggregates.size()) {
      readings.push_back({i, columns[i].rule.decode, columns[i].rule.type});
    }
  }
  return readings;
}

/// Those of EXISTS, which no result can have.
void HiveSource::check_columns_out_of_sight(const core::Scan& scan) {
  const Task task{Phase::execute, summary_};
  for (std::size_t i = 0; i < scan.joins.size(); ++i) {
    if (!core::is_semi_or_anti(scan.joins[i].kind)) continue;
    const std::string alias = core::part_alias(i + 1);
    std::vector<std::size_t> columns = core::columns_of(scan.joins[i].on);
    std::erase_if(columns, [&](std::size_t column) { return part_of(column) != i + 1; });
    std::string list;
    for (const std::size_t column : columns) core::add_item(list, columns_[column].sql);
    session_.execute("SELECT " + list + " FROM " + parts_[i + 1].relation + ' ' + alias + " LIMIT 0", task);
    const rpc::TableSchema schema = session_.result_schema(task);
    session_.close_operation(task);
    if (schema.columns.size() != columns.size()) {
      throw_malformed("the server tells of other columns than those asked for", task);
    }
    for (std::size_t at = 0; at < columns.size(); ++at) check_rule(columns_[columns[at]], schema.columns[at]);
  }
}

std::vector<Reading> HiveSource::readings_of_query(const core::Scan& scan) {
  const Task task{Phase::execute, summary_};
  const std::optional<std::uint64_t> unread = std::exchange(unread_operation_, std::nullopt);
  std::optional<rpc::TableSchema> schema;
  if (unread != session_.operation_number() || !session_.has_operation()) {
    run_query(task);
    schema = session_.result_schema(task);
    if (schema->columns.size() != query_columns_) throw changed_error();
  }
  std::vector<Reading> readings;
  for (const std::size_t index : scan.columns) {
    const SourceColumn& column = columns_[index];
    if (schema) check_rule(column, schema->columns[column.wire_column]);
    readings.push_back({column.wire_column, column.rule.decode, column.rule.type});
  }
  return readings;
}

void HiveSource::check_rule(const SourceColumn& column, const rpc::ColumnDesc& sent) const {
  if (column_rule(sent.typeDesc, column.wanted).type != column.rule.type) throw changed_error();
}

core::Error HiveSource::changed_error() const {
  return core::remote_error({.provider = "hive",
                             .phase = Phase::execute,
                             .number = core::ErrorNumber::cannot_read,
                             .summary = summary_,
                             .remote_message = "its columns have changed since it was described",
                             .hint = "Try again."});
}

}  // namespace connector::hive
