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
#include "drivers/hive/values.hpp"
#include "core/base/list_text.hpp"

namespace connector::hive {

namespace {

using core::Phase;

/// A piece must be large enough that the time between two pieces does not count, and small beside a backend's memory.
constexpr std::int64_t wanted_bytes = 2 * 1024 * 1024;
constexpr std::int64_t first_rows = 100;
/// The server's own limit unless set otherwise (hive.server2.thrift.resultset.max.fetch.size).
constexpr std::int64_t most_rows = 10'000;
constexpr std::int64_t growth = 16;

/// Up to there a limit is sent with a query.
constexpr std::int64_t short_limit = 10'000;

constexpr const char* fetch_size_setting = "hive.server2.thrift.resultset.default.fetch.size";

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(core::ErrorNumber::invalid_parameters, std::move(message), "Provider hive, phase describe.",
                     std::move(hint));
}

std::int64_t fetch_size(const Login& login) {
  const auto found = login.session.find(fetch_size_setting);
  std::int64_t rows = 0;
  if (found != login.session.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), rows);
  }
  return rows;
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

/// A number with all its digits.
std::string shortest_text(double number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

}  // namespace

FetchSize::FetchSize(std::int64_t most) noexcept
    : most_(most > 0 ? std::min(most, most_rows) : most_rows), rows_(std::min(first_rows, most_)) {}

void FetchSize::learn(std::size_t rows, std::size_t bytes) noexcept {
  if (rows == 0) return;
  const auto row_bytes = static_cast<std::int64_t>(bytes / rows + 1);
  rows_ = std::clamp<std::int64_t>(std::min(wanted_bytes / row_bytes, rows_ * growth), 1, most_);
}

HiveSource::HiveSource(Session& session, const core::SourceRequest& request, std::string_view default_schema)
    : session_(session), encoding_(request.encoding.value_or("UTF8")) {
  if (request.query.empty()) {
    schema_name_ = request.schema.empty() ? default_schema : std::string_view(request.schema);
    table_name_ = request.table;
    from_ = quote_table(schema_name_, table_name_);
    summary_ = "could not read table " + core::quoted(schema_name_) + '.' + core::quoted(table_name_);
    describe_table(request);
  } else {
    summary_ = "could not run the query";
    describe_query(request);
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
  columns_.push_back({wire_column, std::move(rule), wanted});
}

void HiveSource::describe_table(const core::SourceRequest& request) {
  const Task task{Phase::describe, summary_};
  std::string list;
  for (const core::ColumnRequest& column : request.columns) {
    core::add_item(list, quote_identifier(column.name));
  }
  // Servers don't run what can have no rows (Hive: TaskCompiler, "Limit 0").
  session_.execute("SELECT " + (list.empty() ? "*" : list) + " FROM " + from_ + " LIMIT 0", task);
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
  std::string derived = "(\n" + query_ + "\n) q";
  try {
    session_.execute("SELECT * FROM " + derived + " LIMIT 0", task);
    rpc::TableSchema schema = session_.result_schema(task);
    session_.close_operation(task);
    if (!can_be_named(column_names(schema))) return std::nullopt;
    from_ = std::move(derived);
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

core::Support HiveSource::support(const core::Expression& condition) {
  return from_.empty() ? core::Support::none : dialect().support(condition, description_.columns);
}

bool HiveSource::orders_by(std::size_t column) {
  const core::RemoteColumn& described = description_.columns[column];
  return !from_.empty() && (described.is_rounded || dialect().orders(described));
}

std::string HiveSource::statement(const core::Scan& scan) {
  if (is_read_as_it_is(scan)) return query_;
  const auto name = [this](std::size_t index) { return quote_identifier(description_.columns[index].name); };
  std::string list;
  for (const std::size_t index : selected_columns(scan)) core::add_item(list, name(index));
  if (list.empty()) list = "1";
  std::string sample;
  if (scan.sample) sample = "rand() < CAST('" + shortest_text(*scan.sample) + "' AS DOUBLE)";
  return dialect().select(scan, {.list = list, .from = from_, .column = name, .condition = sample},
                          description_.columns);
}

/// Whether the query itself is run.
bool HiveSource::is_read_as_it_is(const core::Scan& scan) const {
  if (from_.empty()) return true;
  if (query_.empty() || scan.where || !scan.order_by.empty() || scan.sample) return false;
  // In another statement its order would be lost (hive.remove.orderby.in.subquery).
  if (may_order_rows(query_)) return true;
  // A LIMIT costs a step in which one process has all rows.
  const bool has_short_limit = scan.limit && scan.offset < short_limit && *scan.limit < short_limit - scan.offset;
  return !has_short_limit && scan.columns.size() == columns_.size();
}

/// Those that are wanted, and behind them those of the condition and the order: what they are now is looked at, too,
/// and older servers order by selected columns only.
std::vector<std::size_t> HiveSource::selected_columns(const core::Scan& scan) const {
  std::vector<std::size_t> selected = scan.columns;
  const auto add = [&](std::size_t column) {
    if (std::ranges::find(selected, column) == selected.end()) selected.push_back(column);
  };
  if (scan.where) std::ranges::for_each(core::columns_of(*scan.where), add);
  for (const core::OrderBy& order : scan.order_by) add(order.column);
  return selected;
}

std::unique_ptr<core::RemoteCursor> HiveSource::open(const core::Scan& scan) {
  const bool is_query = is_read_as_it_is(scan);
  std::vector<Reading> readings = is_query ? readings_of_query(scan) : readings_of_scan(scan);
  const std::size_t wire_columns = is_query ? query_columns_ : std::max<std::size_t>(selected_columns(scan).size(), 1);
  return std::make_unique<HiveCursor>(session_, std::move(readings), wire_columns, scan.limit, scan.offset, summary_);
}

std::vector<Reading> HiveSource::readings_of_scan(const core::Scan& scan) {
  const Task task{Phase::execute, summary_};
  const std::vector<std::size_t> selected = selected_columns(scan);
  session_.execute(statement(scan), task);
  const rpc::TableSchema schema = session_.result_schema(task);
  if (schema.columns.size() != std::max<std::size_t>(selected.size(), 1)) {
    throw_malformed("the server tells of other columns than those asked for", task);
  }
  std::vector<Reading> readings;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    const SourceColumn& column = columns_[selected[i]];
    check_rule(column, schema.columns[i]);
    if (i < scan.columns.size()) readings.push_back({i, column.rule.decode, column.rule.type});
  }
  return readings;
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

HiveCursor::HiveCursor(Session& session, std::vector<Reading> readings, std::size_t wire_columns,
                       std::optional<std::int64_t> limit, std::int64_t offset, std::string summary)
    : session_(session),
      operation_(session.operation_number()),
      readings_(std::move(readings)),
      wire_columns_(wire_columns),
      summary_(std::move(summary)),
      fetch_size_(fetch_size(session.login())),
      rows_left_(limit),
      rows_to_skip_(offset),
      nested_texts_(readings_.size()) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - offset;
  if (rows_left_) rows_left_ = std::min(*rows_left_, most) + offset;
}

HiveCursor::~HiveCursor() {
  session_.leave_operation(operation_);
}

/// Asks for the next piece, unless nothing more is wanted.
void HiveCursor::ask() {
  std::int64_t count = fetch_size_.rows();
  if (rows_left_) {
    count = std::min(count, *rows_left_);
    if (count == 0) return;
    *rows_left_ -= count;
  }
  session_.ask_for_rows(count, wire_columns_, {Phase::fetch, summary_});
}

/// Reads the next piece, and asks for the one behind it: the server works on that while this one is stored.
bool HiveCursor::next_rows() {
  const Task task{Phase::fetch, summary_};
  row_ = rows_.rows = 0;
  if (!session_.has_operation()) return false;
  if (!session_.is_asked()) ask();
  if (session_.is_asked()) session_.read_rows(rows_, task);
  if (rows_.rows == 0) {
    session_.close_operation(task);
    return false;
  }
  check_kinds();
  fetch_size_.learn(rows_.rows, rows_.bytes);
  ask();
  return true;
}

void HiveCursor::check_kinds() const {
  for (const Reading& reading : readings_) {
    const WireKind kind = rows_.columns[reading.wire_column].kind();
    if (can_decode(reading.decode, kind)) continue;
    throw_malformed("the server sends " + std::string(wire_kind_name(kind)) + " for a column of another type",
                    {Phase::fetch, summary_});
  }
}

bool HiveCursor::fetch(core::RowBatch& batch) {
  while (!batch.full()) {
    if (row_ == rows_.rows && !next_rows()) return false;
    if (rows_to_skip_ > 0) {
      const auto skipped = std::min<std::int64_t>(rows_to_skip_, static_cast<std::int64_t>(rows_.rows - row_));
      rows_to_skip_ -= skipped;
      row_ += static_cast<std::size_t>(skipped);
      continue;
    }
    for (std::size_t i = 0; i < readings_.size(); ++i) {
      const Reading& reading = readings_[i];
      const ResultColumn& column = rows_.columns[reading.wire_column];
      if (!decode_value(reading.decode, reading.type, column, row_, i, batch)) ++nested_texts_[i];
    }
    batch.finish_row();
    ++row_;
  }
  return true;
}

}  // namespace connector::hive
