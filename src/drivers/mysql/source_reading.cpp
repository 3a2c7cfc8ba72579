// How the rows of a source are read: the statements of its scans, and what their results must be like.
#include "drivers/mysql/source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/list_text.hpp"
#include "drivers/mysql/constants.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/errors.hpp"

namespace connector::mysql {

using core::Phase;

namespace {

/// Of rows of which about this part is wanted. The part is written as C does it, whatever the locale.
std::string sample_condition(double part) {
  char text[32];
  return "RAND() < " + std::string(text, std::to_chars(text, text + sizeof text, part).ptr);
}

}  // namespace

std::string MysqlSource::statement(const core::Scan& scan) {
  if (!is_read_as_it_is(scan)) return select(dialect(), scan);
  const std::string limit =
      scan.limit ? "SET sql_select_limit = " + std::to_string(*scan.limit + scan.offset) + "; " : "";
  return limit + query_;
}

std::unique_ptr<core::RemoteCursor> MysqlSource::open(const core::Scan& scan) {
  session_.check_state();
  session_.convert_results(!reading_.encoding);
  const bool as_it_is = is_read_as_it_is(scan);
  if (as_it_is && scan.limit) session_.limit_rows(*scan.limit + scan.offset);
  auto cursor = std::make_unique<MysqlCursor>(session_, prepare(scan), summary_);
  // What the statement yields is known when it runs: the server prepares it again if the table has changed.
  const std::vector<Field> fields = cursor->execute();
  cursor->set_decoder({wire_columns(fields, scan), scan.columns.size(), zero_dates_});
  if (as_it_is) cursor->pass_over(scan.offset);
  return cursor;
}

std::shared_ptr<Statement> MysqlSource::prepare(const core::Scan& scan) {
  if (!is_read_as_it_is(scan)) {
    if (auto statement = prepare_with_parameters(scan)) return statement;
    return std::make_shared<Statement>(session_, select(dialect(), scan), Phase::execute, summary_);
  }
  if (described_) return std::move(described_);
  return std::make_shared<Statement>(session_, query_, Phase::execute, summary_);
}

/// Rows that are looked up by numbers one after the other, as by a join, need one PREPARE: with it and its end a lookup
/// takes two to five times as long. Nothing without numbers, or with so many that the next statement will not be alike.
std::shared_ptr<Statement> MysqlSource::prepare_with_parameters(core::Scan scan) {
  // What is looked up by numbers is a table. Joins and groups are planned anew: servers have had too many errors with
  // plans of those that are used again.
  if (is_joined() || scan.is_grouped) return nullptr;
  constexpr std::size_t most = 100;
  std::vector<std::int64_t> values;
  // A statement that is executed again with other values may have lost its order (MariaDB 10.11).
  if (scan.where && scan.order_by.empty()) scan.where = with_parameters(*scan.where, description_.columns, values);
  if (values.empty() || values.size() > most) return nullptr;
  std::string sql = select(dialect_of_server(), scan);
  if (!repeated_ || repeated_sql_ != sql) {
    repeated_.reset();
    repeated_ = std::make_shared<Statement>(session_, sql, Phase::execute, summary_);
    repeated_sql_ = std::move(sql);
  }
  // Of a condition that is never true (NOT IN with NULL) the values are not written.
  if (repeated_->parameters() != values.size()) return nullptr;
  repeated_->bind(std::move(values));
  return repeated_;
}

/// A query that is asked for all its rows stays as it is, with its own order; a limit is the session's then.
bool MysqlSource::is_read_as_it_is(const core::Scan& scan) const {
  const bool is_whole = !scan.where && scan.part.empty() && scan.order_by.empty() && !scan.sample && !scan.is_grouped;
  return is_whole && table_.empty() && !is_joined();
}

/// Whether the column belongs to what is joined to look for partners alone: it can't be selected.
bool MysqlSource::is_hidden(std::size_t column, const core::Scan& scan) const {
  const std::size_t part = columns_[column].part;
  if (part == 0 || part > scan.joins.size()) return false;
  return core::is_semi_or_anti(scan.joins[part - 1].kind);
}

/// Whether the type of the column is asked for by a query of its own, which finds no row. Beside aggregates a column of
/// all rows would have the server read them, where an index tells the least and the greatest value.
bool MysqlSource::is_asked_alone(std::size_t column, const core::Scan& scan) const {
  return is_hidden(column, scan) || (scan.is_grouped && !columns_[column].is_of_query);
}

/// What the statement that select() makes yields behind the columns and aggregates of the scan: columns that its
/// conditions, order and aggregates rely on, so that the result tells whether it still is what was described.
/// Texts are left out: they are converted before they are compared, so a column that has become another type is
/// compared as a text all the same. What may be large is left out as well.
std::vector<std::size_t> MysqlSource::relied_on(const core::Scan& scan) const {
  std::vector<std::size_t> columns;
  const auto add = [&](std::size_t column) {
    const bool is_a_number = scan.is_grouped && is_bits(columns_[column].rule.decode);
    const bool is_read = !is_a_number && std::ranges::find(scan.columns, column) != scan.columns.end();
    if (!is_read && std::ranges::find(columns, column) == columns.end()) columns.push_back(column);
  };
  const auto add_compared = [&](std::size_t column) {
    const Comparison comparison = comparison_of(description_.columns[column]);
    const bool is_large = comparison == Comparison::bytes && columns_[column].rule.remote_type == "blob";
    if (comparison == Comparison::none || comparison == Comparison::text || is_large) return;
    if (is_hidden(column, scan) && columns_[column].is_of_query) return;
    add(column);
  };
  std::ranges::for_each(compared(scan), add_compared);
  for (const core::OrderBy& item : scan.order_by) add(item.column);
  return columns;
}

/// The columns of all conditions, keys and aggregates, as often as they are in there. That a value is there is counted
/// whatever it is.
std::vector<std::size_t> MysqlSource::compared(const core::Scan& scan) const {
  std::vector<std::size_t> columns;
  const auto add = [&](const core::Expression& condition) {
    const std::vector<std::size_t> found = core::columns_of(condition);
    columns.insert(columns.end(), found.begin(), found.end());
  };
  if (scan.where) add(*scan.where);
  for (const core::Join& join : scan.joins) add(join.on);
  if (scan.is_grouped) columns.insert(columns.end(), scan.columns.begin(), scan.columns.end());
  for (const core::Aggregate& aggregate : scan.aggregates) {
    using enum core::AggregateFunction;
    if (aggregate.function != count_rows && aggregate.function != count) columns.push_back(aggregate.column);
  }
  return columns;
}

std::string MysqlSource::select(const core::Dialect& dialect, const core::Scan& scan) const {
  std::string list;
  if (!scan.is_grouped) {
    for (const std::size_t index : scan.columns) core::add_item(list, column_sql(index));
  }
  for (const std::size_t index : relied_on(scan)) {
    const std::string sql = column_sql(index);
    const std::string from = is_joined() ? part(columns_[index].part) : this->from();
    core::add_item(list, is_asked_alone(index, scan) ? "(SELECT " + sql + " FROM " + from + " WHERE 1 = 0)" : sql);
  }
  if (list.empty() && !scan.is_grouped) list = "NULL";
  core::Dialect::Selection selection{.list = list,
                                     .from = is_joined()      ? part(0)
                                             : table_.empty() ? derived_table()
                                                              : table_,
                                     .column = [this](std::size_t index) { return column_sql(index); },
                                     .condition = scan.sample ? sample_condition(*scan.sample) : ""};
  for (std::size_t i = 1; i < parts_.size(); ++i) selection.joined.push_back(part(i));
  return setting(scan) + dialect.select(scan, selection, description_.columns);
}

/// MariaDB remembers the answers of a subquery by the texts of the rows around it, as their collation compares them:
/// what is equal to it gets the answer of another text ("Subquery Cache"; seen in 10.11).
std::string MysqlSource::setting(const core::Scan& scan) const {
  const bool has_subquery = std::ranges::any_of(scan.joins, core::is_semi_or_anti, &core::Join::kind);
  if (!has_subquery || !session_.version().is_mariadb) return {};
  return "SET STATEMENT optimizer_switch = 'subquery_cache=off' FOR ";
}

std::string MysqlSource::column_sql(std::size_t index) const {
  const std::string name = quote_identifier(description_.columns[index].name);
  const std::string qualified = is_joined() ? core::part_alias(columns_[index].part) + '.' + name : name;
  return columns_[index].is_number ? qualified + " + 0" : qualified;
}

/// How the rows are read. The source may have changed since it was described.
std::vector<WireColumn> MysqlSource::wire_columns(const std::vector<Field>& fields, const core::Scan& scan) const {
  std::vector<WireColumn> wire(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    wire[i].decode = column_rule(fields[i].facts, false, reading_, std::nullopt).decode;
  }
  const auto field = [&](std::size_t at) -> const Field& {
    if (at >= fields.size()) throw changed_error();
    return fields[at];
  };
  const bool as_it_is = is_read_as_it_is(scan);
  const std::vector<std::size_t> relied = relied_on(scan);
  const std::vector<std::size_t> compared = this->compared(scan);
  for (std::size_t i = 0; i < scan.columns.size() + relied.size(); ++i) {
    const bool is_read = i < scan.columns.size();
    const std::size_t index = is_read ? scan.columns[i] : relied[i - scan.columns.size()];
    const std::size_t at = as_it_is ? columns_[index].wire_column : is_read ? i : i + scan.aggregates.size();
    const bool is_key = is_read && scan.is_grouped;
    const bool is_number = columns_[index].is_number || (is_key && is_bits(columns_[index].rule.decode));
    WireColumn column = wire_column(columns_[index], field(at), is_number);
    const bool is_ordered = std::ranges::find(scan.order_by, index, &core::OrderBy::column) != scan.order_by.end();
    if (is_ordered || std::ranges::find(compared, index) != compared.end()) {
      check_unchanged(index, field(at), !is_read && is_asked_alone(index, scan));
    }
    if (is_ordered && description_.columns[index].not_null && !field(at).not_null) throw changed_error();
    if (!is_read) continue;
    column.target = i;
    wire[at] = column;
  }
  for (std::size_t i = 0; i < scan.aggregates.size(); ++i) {
    const std::size_t at = scan.columns.size() + i;
    wire[at] = aggregate_wire(scan.aggregates[i], field(at));
    wire[at].target = at;
  }
  return wire;
}

WireColumn MysqlSource::wire_column(const SourceColumn& column, const Field& field, bool is_number) const {
  ColumnRule rule = column_rule(field.facts, column.is_json, reading_, column.wanted);
  const core::LogicalType& type = column.rule.type;
  // Around a query the length of its texts is not told; whoever takes the values checks it.
  const bool is_of_a_query = column.is_of_query && !field.facts.is_table_column;
  if (is_of_a_query && core::is_text_kind(type.kind) && core::is_text_kind(rule.type.kind)) rule.type = type;
  WireColumn wire;
  wire.decode = rule.decode;
  if (is_number ? !is_integer(rule.decode) : !can_store(column.rule, rule)) throw changed_error();
  if (rule.decode == Decode::decimal) {
    wire.precision = rule.type.length;
    wire.scale = rule.type.scale;
  }
  if (type.kind == core::TypeKind::bit) wire.bits = type.length;
  wire.digits = rule.digits;
  wire.wide = rule.text.wide;
  wire.is_truth = column.rule.is_truth;
  const bool is_other_integer =
      is_integer(rule.decode) && (rule.decode != column.rule.decode || rule.type.kind != type.kind);
  if (is_other_integer) wire.integer_kind = type.kind;
  return wire;
}

WireColumn MysqlSource::aggregate_wire(const core::Aggregate& aggregate, const Field& field) const {
  using enum core::AggregateFunction;
  if (aggregate.function == minimum || aggregate.function == maximum) {
    return wire_column(columns_[aggregate.column], field, false);
  }
  const ColumnRule rule = column_rule(field.facts, false, reading_, std::nullopt);
  WireColumn wire{.decode = rule.decode};
  if (aggregate.function == sum) {
    const core::LogicalType expected = sum_type(description_.columns[aggregate.column]);
    if (rule.decode != Decode::decimal || rule.type.scale != expected.scale) throw changed_error();
    wire.precision = rule.type.length;
    wire.scale = rule.type.scale;
  } else {
    if (!is_integer(rule.decode)) throw changed_error();
    if (rule.decode != Decode::int64) wire.integer_kind = core::TypeKind::int8;
  }
  return wire;
}

/// Whether a condition or an order on the column means what it meant when the column was described; beyond what
/// matters to reading its values. Of expressions the metadata of PREPARE and EXECUTE may tell different types.
void MysqlSource::check_unchanged(std::size_t index, const Field& field, bool is_alone) const {
  const SourceColumn& column = columns_[index];
  const bool is_told = is_alone ? !column.is_expression : field.facts.is_table_column;
  if (column.is_of_query || !is_told) return;
  const ColumnRule& described = column.rule;
  ColumnRule arriving = column_rule(field.facts, column.is_json, reading_, column.wanted);
  if (described.is_truth && is_tinyint1(field.facts)) read_as_boolean(arriving);
  const bool is_same =
      comparison_of(described.remote_type, described.type) == comparison_of(arriving.remote_type, arriving.type) &&
      is_choice(described.remote_type) == is_choice(arriving.remote_type) &&
      (!is_integer(described.decode) || described.remote_type == arriving.remote_type);
  if (!is_same) throw changed_error();
}

core::Error MysqlSource::changed_error() const {
  return core::remote_error({.provider = "mysql",
                             .phase = Phase::execute,
                             .number = core::ErrorNumber::cannot_read,
                             .summary = summary_,
                             .remote_message = "its columns have changed since it was described",
                             .hint = "Try again."});
}

}  // namespace connector::mysql
