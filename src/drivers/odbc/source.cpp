#include "drivers/odbc/source.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/chosen_columns.hpp"
#include "drivers/odbc/catalog.hpp"
#include "drivers/odbc/dialect.hpp"
#include "drivers/odbc/result_columns.hpp"
#include "drivers/odbc/skipped_rows.hpp"
#include "drivers/odbc/sql_names.hpp"

namespace connector::odbc {

namespace {

using core::Phase;

/// Up to there a limit is sent with a query: for more rows the query is run as it was written.
constexpr std::int64_t short_limit = 10'000;

/// A result that was kept for longer is not what the database has now.
constexpr std::chrono::seconds result_age{5};

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(core::ErrorNumber::invalid_parameters, std::move(message), "Provider odbc, phase describe.",
                     std::move(hint));
}

/// Whether each column can be asked for by its name.
bool can_be_named(const std::vector<ColumnFacts>& columns) {
  std::set<std::string> known;
  return std::ranges::all_of(columns, [&](const ColumnFacts& column) {
    return !column.name.empty() && known.insert(core::lower_ascii(column.name)).second;
  });
}

bool may_have_more_digits(SQLSMALLINT sql_type) {
  switch (sql_type) {
    case SQL_DECIMAL:
    case SQL_NUMERIC:
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return true;
    default:
      return false;
  }
}

bool is_integer(core::TypeKind kind) {
  return kind == core::TypeKind::int2 || kind == core::TypeKind::int4 || kind == core::TypeKind::int8;
}

}  // namespace

OdbcSource::OdbcSource(Session& session, const core::SourceRequest& request)
    : session_(session),
      is_query_(!request.query.empty()),
      encoding_(request.encoding),
      takes_scans_(odbc::takes_scans(session.traits().database)) {
  if (is_query_) {
    summary_ = "could not run the query";
    describe_query(request);
  } else {
    summary_ = "could not read table ";
    if (!request.schema.empty()) summary_ += core::quoted(request.schema) + '.';
    summary_ += core::quoted(request.table);
    describe_table(request);
  }
}

OdbcSource::OdbcSource(Session& session, std::span<const OdbcSource* const> parts, core::SourceDescription description)
    : session_(session),
      summary_("could not read joined tables"),
      description_(std::move(description)),
      takes_scans_(true) {
  for (const OdbcSource* source : parts) {
    const std::string alias = core::part_alias(relations_.size());
    relations_.push_back(source->relations_[0]);
    for (SourceColumn column : source->columns_) {
      column.part = relations_.size() - 1;
      column.sql = alias + '.' + column.sql;
      columns_.push_back(std::move(column));
    }
  }
}

/// What is said of a column, and how the database compares its texts.
core::RemoteColumn OdbcSource::described_as(const ColumnFacts& facts, const std::optional<core::LogicalType>& wanted,
                                            const std::optional<std::string>& encoding) const {
  const DriverTraits& traits = session_.traits();
  core::RemoteColumn described = describe_column(facts, traits, wanted, encoding);
  const bool is_text = core::is_text_kind(described.type.kind);
  if (is_text && traits.compares_text) described.collation = collation_of(traits.database, facts.type_name);
  return described;
}

/// `name`: as the source has it, for a column that was not asked for by name.
void OdbcSource::add_column(const ColumnFacts& facts, const std::string& name, std::size_t wire_column,
                            const core::SourceRequest& request) {
  const core::ColumnRequest* asked = request.columns.empty() ? nullptr : &request.columns[columns_.size()];
  const std::optional<core::LogicalType> wanted = asked == nullptr ? std::nullopt : asked->wanted;
  const DriverTraits& traits = session_.traits();
  core::RemoteColumn described = described_as(facts, wanted, encoding_);
  described.name = asked == nullptr ? name : asked->name;
  // Text that is declared to be something else than it is can't be compared there.
  if (encoding_ && core::is_text_kind(described.type.kind)) described.is_comparable = false;
  if (request.invalid_become_null && may_be_invalid(facts, traits, described)) described.may_become_null = true;
  columns_.push_back({wire_column, facts, wanted, encoding_, quote_name(traits, described.name)});
  description_.columns.push_back(std::move(described));
}

void OdbcSource::describe_table(const core::SourceRequest& request) {
  const DriverTraits& traits = session_.traits();
  const std::string table = quote_table(traits, table_name(traits, request.schema, request.table));
  relations_ = {table};
  std::string list;
  for (const core::ColumnRequest& column : request.columns) core::add_item(list, quote_name(traits, column.name));
  if (list.empty()) list = "*";
  query_ = "SELECT " + list + " FROM " + table;
  const std::vector<ColumnFacts> facts = table_facts(list);
  query_columns_ = facts.size();
  if (facts.empty() || (!request.columns.empty() && facts.size() != request.columns.size())) {
    throw request_error("the driver tells of other columns than those asked for");
  }
  check_names(facts, request);
  for (std::size_t i = 0; i < facts.size(); ++i) add_column(facts[i], facts[i].name, i + 1, request);
  const bool may_compute = traits.database == Database::mysql;
  if (may_compute && !is_base_table(session_, table_name(traits, request.schema, request.table))) describe_computed();
  read_catalog(request);
}

/// SQLite takes a quoted name that it does not know for a text ("Quirks, Caveats, and Gotchas In SQLite", Double-quoted
/// String Literals Are Accepted): the column of the result has another name then.
void OdbcSource::check_names(const std::vector<ColumnFacts>& facts, const core::SourceRequest& request) const {
  if (session_.traits().database != Database::sqlite) return;
  std::vector<std::string> names;
  for (const ColumnFacts& column : facts) names.push_back(column.name);
  static_cast<void>(core::chosen_columns(names, request, "odbc", core::NameCase::ignored));
}

/// MySQL computes with more digits than it sends: e / 3 is another number in its conditions, groups and sums than here.
/// Which columns of a view or query are expressions the drivers do not tell.
void OdbcSource::describe_computed() {
  if (session_.traits().database != Database::mysql) return;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!may_have_more_digits(columns_[i].facts.sql_type)) continue;
    description_.columns[i].is_rounded = true;
    description_.columns[i].is_comparable = false;
  }
}

/// What metadata tell beside the columns.
void OdbcSource::read_catalog(const core::SourceRequest& request) {
  const DriverTraits& traits = session_.traits();
  // Most drivers have one result at a time, and here one is kept.
  if (unread_) return;
  const TableName name = table_name(traits, request.schema, request.table);
  const std::map<std::string, CatalogColumn> known = read_columns(session_, name);
  std::set<std::string> sure;
  for (core::RemoteColumn& column : description_.columns) {
    const auto found = known.find(column.name);
    if (found != known.end()) {
      column.not_null = found->second.not_null;
      column.comment = found->second.comment;
    }
    // A primary key of SQLite may be NULL unless it is an integer ("CREATE TABLE", The PRIMARY KEY).
    const bool is_sure = traits.database != Database::sqlite || column.not_null || is_integer(column.type.kind);
    if (is_sure) sure.insert(column.name);
  }
  description_.primary_key = read_primary_key(session_, name);
  const auto is_sure = [&](const std::string& column) { return sure.contains(column); };
  const bool all_sure = traits.database != Database::sqlite || std::ranges::all_of(description_.primary_key, is_sure);
  if (!all_sure) description_.primary_key.clear();
  description_.estimated_rows = read_estimate(session_, name);
}

std::vector<ColumnFacts> OdbcSource::table_facts(const std::string& list) {
  if (takes_scans_ && session_.traits().database != Database::other) {
    const Task task{Phase::describe, summary_};
    const StatementHandle statement = session_.new_statement(task);
    session_.execute_directly(statement.get(), "SELECT " + list + " FROM " + relations_[0] + " WHERE 1 = 0", task);
    return result_columns(session_, statement.get(), task);
  }
  if (takes_scans_) {
    if (const auto facts = facts_without_rows(list, relations_[0])) return *facts;
    takes_scans_ = false;
  }
  return facts_by_running(query_);
}

/// By a statement that yields no rows; nothing if the database does not take it.
std::optional<std::vector<ColumnFacts>> OdbcSource::facts_without_rows(const std::string& list,
                                                                       const std::string& from) {
  const Task task{Phase::describe, summary_};
  try {
    const StatementHandle statement = session_.new_statement(task);
    session_.execute_directly(statement.get(), "SELECT " + list + " FROM " + from + " WHERE 1 = 0", task);
    std::vector<ColumnFacts> facts = result_columns(session_, statement.get(), task);
    if (facts.empty()) return std::nullopt;
    return facts;
  } catch (const core::Error&) {
    if (!session_.usable()) throw;
    return std::nullopt;
  }
}

/// Runs the statement, and keeps its result for the first cursor.
std::vector<ColumnFacts> OdbcSource::facts_by_running(const std::string& sql) {
  const Task task{Phase::execute, summary_};
  StatementHandle statement = session_.new_statement(task);
  session_.execute_directly(statement.get(), sql, task);
  std::vector<ColumnFacts> facts = result_columns(session_, statement.get(), task);
  unread_ = std::move(statement);
  run_at_ = std::chrono::steady_clock::now();
  return facts;
}

void OdbcSource::describe_query(const core::SourceRequest& request) {
  const Database database = session_.traits().database;
  const bool has_only_one =
      database == Database::postgres || database == Database::mysql || database == Database::sqlite;
  if (has_only_one && has_several_statements(request.query, database)) {
    throw request_error("\"sql_query\" has more than one statement", "Give one statement that has a result.");
  }
  query_ = without_semicolon(request.query, database);
  const std::vector<ColumnFacts> facts = query_facts();
  query_columns_ = facts.size();
  if (facts.empty()) {
    throw request_error("the query yields no rows", "Only a statement with a result can be read, as SELECT has.");
  }
  std::vector<std::string> names;
  for (const ColumnFacts& column : facts) names.push_back(column.name);
  for (const std::size_t index : core::chosen_columns(names, request, "odbc")) {
    add_column(facts[index], names[index], index + 1, request);
  }
  describe_computed();
}

std::vector<ColumnFacts> OdbcSource::query_facts() {
  const DriverTraits& traits = session_.traits();
  const bool is_known = traits.database != Database::other && takes_scans_;
  const bool is_derived = is_known && can_be_derived(query_, traits.database);
  // The line breaks end a comment that the query may end with.
  const std::string derived = "(\n" + query_ + "\n)";
  std::optional<std::vector<ColumnFacts>> facts;
  if (traits.describes_prepared) {
    const Task task{Phase::describe, summary_};
    const StatementHandle statement = session_.new_statement(task);
    session_.prepare(statement.get(), query_, task);
    facts = result_columns(session_, statement.get(), task);
    if (facts->empty()) facts.reset();
  } else if (is_derived) {
    facts = facts_without_rows("*", derived + " q");
    if (facts && !can_be_named(*facts)) facts.reset();
  }
  if (!facts) facts = facts_by_running(query_);
  if (is_derived && can_be_named(*facts)) relations_ = {derived};
  return *facts;
}

core::Support OdbcSource::support(const core::Expression& condition) {
  if (!takes_scans()) return core::Support::none;
  return dialect(session_.traits().database).support(condition, description_.columns);
}

bool OdbcSource::orders_by(std::size_t column) {
  const Database database = session_.traits().database;
  const core::RemoteColumn& described = description_.columns[column];
  return takes_scans() && dialect(database).orders(described) && sorts_whole(database, described);
}

bool OdbcSource::groups_by(std::size_t column) {
  return takes_scans() && dialect(session_.traits().database).groups(description_.columns[column]);
}

bool OdbcSource::joins(const core::Join& join) {
  return takes_scans() && dialect(session_.traits().database).joins(join, description_.columns);
}

std::optional<core::RemoteColumn> OdbcSource::aggregate(const core::Aggregate& aggregate) {
  const Database database = session_.traits().database;
  if (!takes_scans() || !takes_aggregates(database)) return std::nullopt;
  if (!dialect(database).aggregates(aggregate, description_.columns)) return std::nullopt;
  return cursor_column(aggregate).described;
}

/// Whether query_ itself is run.
bool OdbcSource::is_read_as_it_is(const core::Scan& scan) const {
  if (!takes_scans()) return true;
  if (scan.where || !scan.order_by.empty() || scan.is_grouped || !scan.joins.empty()) return false;
  if (!is_query_) return static_cast<bool>(unread_);
  const bool has_short_limit = scan.limit && scan.offset < short_limit && *scan.limit < short_limit - scan.offset;
  return unread_ || !has_short_limit;
}

/// What stands behind FROM or JOIN.
std::string OdbcSource::relation(std::size_t part) const {
  if (relations_.size() > 1) return relations_[part] + ' ' + core::part_alias(part);
  return relations_[part] + (is_query_ ? " q" : "");
}

/// Columns that the scan is about, and of whose values it has none.
std::vector<std::size_t> OdbcSource::columns_beside(const core::Scan& scan) const {
  std::vector<std::size_t> beside;
  for (const std::size_t column : core::columns_of(scan)) {
    const bool is_read = !scan.is_grouped && std::ranges::find(scan.columns, column) != scan.columns.end();
    if (!is_read && std::ranges::find(beside, column) == beside.end()) beside.push_back(column);
  }
  return beside;
}

/// What columns_beside() are now, by statements that yield no rows: the results of joins and groups do not tell.
void OdbcSource::check_columns_of_parts(const core::Scan& scan) {
  const Task task{Phase::execute, summary_};
  const std::vector<std::size_t> beside = columns_beside(scan);
  for (std::size_t part = 0; part < relations_.size(); ++part) {
    std::string list;
    std::vector<std::size_t> columns;
    for (const std::size_t column : beside) {
      if (columns_[column].part != part) continue;
      columns.push_back(column);
      core::add_item(list, columns_[column].sql);
    }
    if (columns.empty()) continue;
    const StatementHandle statement = session_.new_statement(task);
    session_.execute_directly(statement.get(), "SELECT " + list + " FROM " + relation(part) + " WHERE 1 = 0", task);
    const std::vector<ColumnFacts> told = result_columns(session_, statement.get(), task);
    if (told.size() != columns.size()) throw changed_error();
    for (std::size_t i = 0; i < columns.size(); ++i) check_comparison(columns[i], told[i]);
  }
}

/// The values of a column must be what was described.
void OdbcSource::check_values(std::size_t column, const ColumnFacts& told) const {
  const core::RemoteColumn& described = description_.columns[column];
  const core::RemoteColumn now = described_as(told, columns_[column].wanted, columns_[column].encoding);
  if (now.type != described.type || now.form != described.form) throw changed_error();
}

/// So must be what conditions, orders and groups by a column rely on.
void OdbcSource::check_comparison(std::size_t column, const ColumnFacts& told) const {
  check_values(column, told);
  const core::RemoteColumn now = described_as(told, columns_[column].wanted, columns_[column].encoding);
  if (now.collation != description_.columns[column].collation) throw changed_error();
}

std::string OdbcSource::statement(const core::Scan& scan) {
  if (is_read_as_it_is(scan)) return query_;
  core::Dialect::Selection selection;
  selection.column = [this](std::size_t index) { return columns_[index].sql; };
  if (!scan.is_grouped) {
    for (const std::size_t index : scan.columns) core::add_item(selection.list, columns_[index].sql);
  }
  if (!is_combined(scan)) {
    for (const std::size_t index : columns_beside(scan)) core::add_item(selection.list, columns_[index].sql);
  }
  // Of a scan that has no columns at all.
  if (selection.list.empty() && scan.columns.empty() && scan.aggregates.empty()) selection.list = "1";
  selection.from = relation(0);
  for (std::size_t i = 1; i < relations_.size(); ++i) selection.joined.push_back(relation(i));
  return dialect(session_.traits().database).select(scan, selection, description_.columns);
}

std::unique_ptr<core::RemoteCursor> OdbcSource::open(const core::Scan& scan) {
  const Task task{Phase::execute, summary_};
  const bool as_it_is = is_read_as_it_is(scan);
  const std::string sql = statement(scan);
  // Most drivers have one result at a time.
  StatementHandle statement = std::exchange(unread_, StatementHandle());
  // What a plan was made by may be old when it is executed.
  if (std::chrono::steady_clock::now() - run_at_ > result_age) statement = StatementHandle();
  // Never by SQL_ATTR_MAX_ROWS: MariaDB's driver writes LIMIT behind statements that have none, and psqlodbc gives
  // other rows where it fetches by a cursor.
  const bool is_limited_there = !as_it_is && takes_limits(session_.traits().database);
  if (!statement || !as_it_is) {
    statement = StatementHandle();
    if (is_combined(scan)) check_columns_of_parts(scan);
    statement = session_.new_statement(task);
    session_.execute_directly(statement.get(), sql, task);
  }
  const std::vector<ColumnFacts> told = result_columns(session_, statement.get(), task);
  std::vector<CursorColumn> columns = cursor_columns(scan, told, as_it_is);
  const std::int64_t skipped = is_limited_there ? 0 : scan.offset;
  skip_rows(session_, statement.get(), skipped, {Phase::fetch, summary_});
  // A query that is more than SELECT may change something each time it is run.
  ExecuteAgain again;
  if (!relations_.empty()) {
    again = [this, sql, skipped](SQLHSTMT executed) {
      session_.execute_directly(executed, sql, {Phase::execute, summary_});
      skip_rows(session_, executed, skipped, {Phase::fetch, summary_});
    };
  }
  return make_cursor(session_, std::move(statement), std::move(columns), summary_, std::move(again));
}

/// Counts and sums are read as the text of a decimal number: what drivers tell of the types of expressions differs, and
/// each of them writes a number with all its digits. The least and the greatest value are read as the column is.
CursorColumn OdbcSource::cursor_column(const core::Aggregate& aggregate) const {
  const bool has_column = aggregate.function != core::AggregateFunction::count_rows;
  const bool is_one_of_them =
      aggregate.function == core::AggregateFunction::minimum || aggregate.function == core::AggregateFunction::maximum;
  CursorColumn column;
  if (is_one_of_them) {
    column.facts = columns_[aggregate.column].facts;
    column.described = description_.columns[aggregate.column];
    column.described.not_null = false;
    return column;
  }
  column.facts.name = has_column ? description_.columns[aggregate.column].name : "count";
  column.facts.sql_type = SQL_DECIMAL;
  column.facts.type_name = "decimal";
  column.described = describe_column(column.facts, session_.traits(), std::nullopt, std::nullopt);
  return column;
}

std::vector<CursorColumn> OdbcSource::cursor_columns(const core::Scan& scan, const std::vector<ColumnFacts>& told,
                                                     bool by_wire_column) const {
  std::vector<std::size_t> beside;
  if (!by_wire_column && !is_combined(scan)) beside = columns_beside(scan);
  const std::size_t wanted = scan.columns.size() + scan.aggregates.size() + beside.size();
  const std::size_t expected = by_wire_column ? query_columns_ : std::max<std::size_t>(wanted, 1);
  if (told.size() != expected) throw changed_error();
  const std::vector<std::size_t> compared = core::columns_of(scan);
  std::vector<CursorColumn> columns;
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    const std::size_t index = scan.columns[i];
    const std::size_t wire_column = by_wire_column ? columns_[index].wire_column : i + 1;
    const ColumnFacts& facts = told[wire_column - 1];
    // What is grouped was looked at by itself: the result may have it in another form.
    const bool is_compared = !scan.is_grouped && std::ranges::find(compared, index) != compared.end();
    if (is_compared) {
      check_comparison(index, facts);
    } else {
      check_values(index, facts);
    }
    columns.push_back({.wire_column = wire_column, .facts = facts, .described = description_.columns[index]});
  }
  for (const core::Aggregate& aggregate : scan.aggregates) {
    columns.push_back(cursor_column(aggregate));
    columns.back().wire_column = columns.size();
  }
  for (std::size_t i = 0; i < beside.size(); ++i) check_comparison(beside[i], told[columns.size() + i]);
  return columns;
}

core::Error OdbcSource::changed_error() const {
  return core::remote_error({.provider = "odbc",
                             .phase = Phase::execute,
                             .number = core::ErrorNumber::cannot_read,
                             .summary = summary_,
                             .remote_message = "the remote columns are others than those that were described",
                             .hint = "Try again."});
}

}  // namespace connector::odbc
