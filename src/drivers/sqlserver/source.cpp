#include "drivers/sqlserver/source.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>
#include <utility>

#include <sybfront.h>
#include <sybdb.h>

#include "core/remote/chosen_columns.hpp"
#include "core/base/utf8.hpp"
#include "drivers/sqlserver/default_value.hpp"
#include "drivers/sqlserver/dialect.hpp"
#include "drivers/sqlserver/freetds/text_conversion.hpp"
#include "drivers/sqlserver/value_decoder.hpp"

namespace connector::sqlserver {

namespace {

using core::ErrorNumber;
using core::Phase;

/// A value of PostgreSQL has at most 1 GB, twice as much in UTF-16; then there is the rest of the row.
constexpr std::size_t max_row_bytes = (std::size_t{1} << 31) + (std::size_t{1} << 26);

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(ErrorNumber::invalid_parameters, std::move(message), "Provider sqlserver, phase describe.",
                     std::move(hint));
}

/// The most constants of a list: "many thousands of values" may be too much for the server ("IN").
constexpr std::size_t max_list = 1000;

std::size_t longest_list(const core::Expression& condition) {
  // The column is the first operand.
  std::size_t longest = condition.is_logical() || condition.operands.empty() ? 0 : condition.operands.size() - 1;
  for (const core::Expression& operand : condition.operands) longest = std::max(longest, longest_list(operand));
  return longest;
}

/// A query that ends with ORDER BY may stand in another one only with one of these behind it.
constexpr std::string_view wrappings[] = {"", "\nOFFSET 0 ROWS"};

ColumnFacts facts_of_result(DBPROCESS* handle, int number) {
  WireFacts facts;
  DBCOL2 column{};
  column.SizeOfStruct = sizeof column;
  // It fails where it has no words for the type; then the numbers are there all the same.
  dbtablecolinfo(handle, number, reinterpret_cast<DBCOL*>(&column));
  facts.type = dbcoltype(handle, number);
  facts.server_type = column.ServerType;
  facts.user_type = column.UserType;
  facts.max_length = column.ServerMaxLength;
  facts.precision = column.Precision;
  facts.scale = column.Scale;
  facts.not_null = column.Null == 0;
  const char* name = dbcolname(handle, number);
  return result_facts(name == nullptr ? "" : name, facts);
}

std::optional<core::ColumnDefault> default_value(const TablePartsFacts& parts, const core::RemoteColumn& column) {
  if (std::ranges::find(parts.identity_columns, column.name) != parts.identity_columns.end()) {
    return core::ColumnDefault{core::ColumnDefault::Kind::other, "IDENTITY"};
  }
  const auto definition = parts.default_definitions.find(column.name);
  if (definition == parts.default_definitions.end()) return std::nullopt;
  return default_of(definition->second, column.remote_type, column.type);
}

}  // namespace

SqlServerSource::SqlServerSource(Session& session, const core::SourceRequest& request, std::string_view database)
    : session_(session), encoding_(request.encoding), invalid_become_null_(request.invalid_become_null) {
  // Its texts are stored as UTF-8, and casting them to bytes does not give those of the code page.
  if (encoding_ && session_.is_babelfish()) {
    throw request_error("\"encoding\" can't be used with Babelfish",
                        "Leave it out: text is converted from the code page of its collation.");
  }
  session_.end_state({Phase::describe, "could not end what was read before"});
  try {
    if (request.query.empty()) {
      describe_table(request, database);
    } else {
      describe_query(request);
    }
  } catch (...) {
    if (session_.busy()) session_.stop_statement();
    throw;
  }
}

SqlServerSource::~SqlServerSource() {
  if (session_.busy()) session_.stop_statement();
}

void SqlServerSource::describe_table(const core::SourceRequest& request, std::string_view database) {
  const std::string schema = request.schema.empty() ? default_schema : request.schema;
  table_ = quote_table(database, schema, request.table);
  summary_ = "could not read table " + core::quoted(schema) + '.' + core::quoted(request.table);
  const std::string select = "* FROM " + table_;
  std::optional<std::vector<ColumnFacts>> facts;
  if (!session_.is_babelfish()) facts = describe_select(select);
  if (!facts) {
    facts = empty_result(select);
    complete_from_catalog(session_, database, schema, request.table, *facts);
  }
  const TableFacts table = read_table_facts(session_, database, schema, request.table, *facts, request.parts);
  const std::vector<Column> columns = columns_of(*facts);
  for (const std::size_t index : chosen(columns, request)) {
    core::RemoteColumn& column = add_column(columns[index], index);
    column.not_null = columns[index].not_null;
    const auto comment = table.column_comments.find(column.name);
    if (comment != table.column_comments.end()) column.comment = comment->second;
    column.default_value = default_value(table.parts, column);
  }
  for (const std::string& key_column : table.primary_key) {
    const auto found = std::find_if(description_.columns.begin(), description_.columns.end(),
                                    [&](const core::RemoteColumn& column) { return column.name == key_column; });
    if (found == description_.columns.end()) {  // it was not asked for: the others are no key
      description_.primary_key.clear();
      break;
    }
    description_.primary_key.push_back(key_column);
  }
  description_.comment = table.comment;
  description_.estimated_rows = table.estimated_rows;
  is_base_table_ = table.is_base_table;
  description_.indexes = table.parts.indexes;
  description_.foreign_keys = table.parts.foreign_keys;
}

void SqlServerSource::describe_query(const core::SourceRequest& request) {
  query_ = request.query;
  has_one_state_ = false;  // queries may do anything
  summary_ = "could not run the query";
  const Task describing{Phase::describe, summary_};
  std::optional<std::vector<ColumnFacts>> facts;
  if (session_.is_babelfish()) {
    session_.begin_transaction(false, describing);
    facts = describe_wrapped();
  } else {
    facts = describe_statement(session_, query_, describing);
  }
  if (!facts) {
    session_.begin_transaction(false, describing);
    started_ = session_.start(query_, {Phase::execute, summary_});
    if (!started_) throw request_error("the query yields no rows");
    facts = result_at_hand();
  }
  const std::vector<Column> columns = columns_of(*facts);
  query_columns_ = columns.size();
  for (const std::size_t index : chosen(columns, request)) add_column(columns[index], index);
  prepare_rewriting();
  if (!started_) session_.release(describing);
}

/// What stands behind the SELECT is not run. Nothing if the server can't tell.
std::optional<std::vector<ColumnFacts>> SqlServerSource::describe_select(const std::string& select) {
  if (!session_.is_babelfish()) {
    return describe_statement(session_, "SELECT " + select, {Phase::describe, summary_});
  }
  try {
    return empty_result(select);
  } catch (const core::Error&) {
    if (!session_.connected() || session_.busy()) throw;
    return std::nullopt;
  }
}

/// Where only a result tells: of the query in another one, of which no row is asked for. Nothing if it can't stand
/// there.
std::optional<std::vector<ColumnFacts>> SqlServerSource::describe_wrapped() {
  for (const std::string_view wrapping : wrappings) {
    auto facts = describe_select("* FROM (\n" + query_ + std::string(wrapping) + "\n) AS q");
    if (facts) return facts;
  }
  return std::nullopt;
}

/// The columns of a SELECT by its result, of which no row is asked for.
std::vector<ColumnFacts> SqlServerSource::empty_result(const std::string& select) {
  const Task task{Phase::describe, summary_};
  if (!session_.start("SELECT TOP (0) " + select, task)) throw changed_error();
  std::vector<ColumnFacts> facts = result_at_hand();
  if (session_.next_result(task)) throw changed_error();
  return facts;
}

std::vector<ColumnFacts> SqlServerSource::result_at_hand() {
  std::vector<ColumnFacts> facts;
  const int count = dbnumcols(session_.handle());
  for (int number = 1; number <= count; ++number) facts.push_back(facts_of_result(session_.handle(), number));
  return facts;
}

std::vector<SqlServerSource::Column> SqlServerSource::columns_of(const std::vector<ColumnFacts>& facts) const {
  const bool dates_as_text = dbtds(session_.handle()) < DBTDS_7_3;
  std::vector<Column> columns;
  for (const ColumnFacts& column : facts) {
    columns.push_back({column.name, described_rule(column, encoding_, dates_as_text), column.not_null});
  }
  return columns;
}

std::vector<std::size_t> SqlServerSource::chosen(const std::vector<Column>& columns,
                                                 const core::SourceRequest& request) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return core::chosen_columns(names, request, "sqlserver");
}

core::RemoteColumn& SqlServerSource::add_column(const Column& column, std::size_t position) {
  columns_.push_back(
      {position, table_.empty() ? "q.c" + std::to_string(position) : quote_identifier(column.name), column.rule});
  core::RemoteColumn& described = description_.columns.emplace_back();
  described.name = column.name;
  described.remote_type = column.rule.remote_type;
  described.type = column.rule.type;
  described.form = column.rule.form;
  described.encoding = column.rule.encoding;
  described.unsupported_reason = column.rule.unsupported;
  described.may_become_null = invalid_become_null_ && may_be_invalid(column.rule.decode);
  described.is_comparable = !column.rule.is_changed;
  return described;
}

std::vector<std::size_t> SqlServerSource::all_columns() const {
  std::vector<std::size_t> all(columns_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// Those of these columns that are not read as they are.
std::vector<std::size_t> SqlServerSource::rewritten_columns(const std::vector<std::size_t>& selected) const {
  std::vector<std::size_t> rewritten;
  std::ranges::copy_if(selected, std::back_inserter(rewritten),
                       [&](std::size_t index) { return !columns_[index].rule.rewrite.empty(); });
  return rewritten;
}

/// Columns of a query that must be rewritten are so in a query around it. Where that is not possible they are left out.
void SqlServerSource::prepare_rewriting() {
  const std::vector<std::size_t> rewritten = rewritten_columns(all_columns());
  if (rewritten.empty() || can_select()) return;
  for (const std::size_t index : rewritten) {
    description_.columns[index].unsupported_reason =
        "values of " + columns_[index].rule.remote_type +
        " must be converted on the server, and this query can't stand in another one; convert them in the query";
  }
}

/// Whether the server can be asked for a part of the rows.
bool SqlServerSource::can_select() {
  if (!table_.empty() || !parts_.empty()) return true;
  if (!can_be_wrapped_) {
    if (started_ || session_.busy()) return false;
    can_be_wrapped_ = find_wrapping();
  }
  return *can_be_wrapped_;
}

bool SqlServerSource::find_wrapping() {
  const std::string list = select_list(rewritten_columns(all_columns()));
  const auto found = std::ranges::find_if(wrappings, [&](std::string_view wrapping) {
    return describe_select(list + " FROM " + wrapped_query(wrapping)).has_value();
  });
  if (found == std::end(wrappings)) return false;
  wrapping_ = *found;
  return true;
}

std::string SqlServerSource::select_list(const std::vector<std::size_t>& selected) const {
  std::string list;
  for (const std::size_t index : selected) {
    const SourceColumn& column = columns_[index];
    const std::string name = column_sql(index);
    if (!list.empty()) list += ", ";
    list += column.rule.rewrite.empty() ? name : rewritten(column.rule.rewrite, name);
    if (!column.rule.rewrite_to_bytes.empty()) list += ", " + rewritten(column.rule.rewrite_to_bytes, name);
  }
  return list.empty() ? "NULL" : list;
}

/// The query with its columns numbered, since their names may be missing, or be there twice.
std::string SqlServerSource::wrapped_query(std::string_view more, std::string_view alias) const {
  std::string names;
  for (std::size_t i = 0; i < query_columns_; ++i) names += (i == 0 ? "c" : ", c") + std::to_string(i);
  // The line breaks end a comment that the query may end with.
  return "(\n" + query_ + std::string(more) + "\n) AS " + std::string(alias) + " (" + names + ")";
}

/// Whether not all of a query is wanted, or not as it comes. Its first rows are so.
bool SqlServerSource::asks_for_a_part(const core::Scan& scan) const {
  const auto readable = std::ranges::count_if(
      description_.columns, [](const core::RemoteColumn& column) { return column.unsupported_reason.empty(); });
  return scan.is_grouped || scan.where || !scan.order_by.empty() || scan.offset > 0 ||
         std::ssize(scan.columns) < readable;
}

/// Whether the statement is one of the dialect's: has the columns that are wanted, rewritten where need be. Else it is
/// the query as it is.
bool SqlServerSource::is_select(const core::Scan& scan) {
  if (!table_.empty() || !parts_.empty()) return true;
  if (started_) return false;
  return !rewritten_columns(scan.columns).empty() || (asks_for_a_part(scan) && can_select());
}

/// Columns that conditions, orders and aggregates are about, and that are not wanted themselves: the result tells
/// whether they are as they were when it was decided what to ask.
std::vector<std::size_t> SqlServerSource::checked_columns(const core::Scan& scan) const {
  std::vector<std::size_t> checked;
  for (const std::size_t index : core::columns_of(scan)) {
    const bool is_known = std::ranges::find(scan.columns, index) != scan.columns.end() ||
                          std::ranges::find(checked, index) != checked.end();
    // Others have conditions that are looked at again here, and may be long.
    if (!is_known && dialect().orders(description_.columns[index])) checked.push_back(index);
  }
  return checked;
}

std::string SqlServerSource::select(const core::Scan& scan) const {
  core::Scan asked = scan;
  // The first rows of an ordered query are no longer the first in another one.
  if (table_.empty() && parts_.empty() && !asks_for_a_part(scan)) asked.limit.reset();
  // No column may be there twice ("ORDER BY clause").
  asked.order_by.clear();
  for (const core::OrderBy& item : scan.order_by) {
    const auto is_same = [&](const core::OrderBy& other) { return other.column == item.column; };
    if (std::ranges::none_of(asked.order_by, is_same)) asked.order_by.push_back(item);
  }
  core::Dialect::Selection selection{
      .list = {}, .from = from_sql(), .column = [this](std::size_t index) { return column_sql(index); }};
  if (scan.is_grouped || !parts_.empty()) {
    if (!scan.is_grouped) selection.list = select_list(scan.columns);
    selection.list += checks(scan);
  } else {
    std::vector<std::size_t> selected = scan.columns;
    std::ranges::copy(checked_columns(scan), std::back_inserter(selected));
    selection.list = select_list(selected);
  }
  if (scan.sample) selection.from += " TABLESAMPLE SYSTEM (" + std::to_string(*scan.sample * 100) + " PERCENT)";
  if (!parts_.empty()) selection.joined.assign(parts_.begin() + 1, parts_.end());
  return dialect().select(asked, selection, description_.columns);
}

core::Support SqlServerSource::support(const core::Expression& condition) {
  const core::Support support = dialect().support(condition, description_.columns);
  if (support == core::Support::none || longest_list(condition) > max_list) return core::Support::none;
  return can_select() ? support : core::Support::none;
}

bool SqlServerSource::orders_by(std::size_t column) {
  return dialect().orders(description_.columns.at(column)) && can_select();
}

std::string SqlServerSource::statement(const core::Scan& scan) {
  return is_select(scan) ? select(scan) : query_;
}

std::unique_ptr<core::RemoteCursor> SqlServerSource::open(const core::Scan& scan) {
  const bool selects = is_select(scan);
  if (!std::exchange(started_, false)) {
    const Task task{Phase::execute, summary_};
    const std::string sql = selects ? select(scan) : query_;
    // Views may lead into databases where snapshots are not allowed, but mostly don't.
    session_.begin_transaction(has_one_state_, task);
    if (!session_.start(sql, task)) throw changed_error();
  }
  return std::make_unique<SqlServerCursor>(session_, wire_columns(scan, selects), selects ? 0 : scan.offset);
}

/// How the rows are read. The table may have changed since it was described, or the description may be wrong: what the
/// result tells must fit into it.
std::vector<WireColumn> SqlServerSource::wire_columns(const core::Scan& scan, bool is_select) {
  const std::vector<Expected> columns = expected(scan, is_select);
  std::vector<WireColumn> wire;
  const int count = dbnumcols(session_.handle());
  // A join of which no column is wanted has a NULL before what is checked: see select_list().
  int next = !scan.joins.empty() && !scan.is_grouped && scan.columns.empty() ? 2 : 1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& [name, rule, is_wanted] = columns[i];
    const bool has_bytes = is_select && !rule.rewrite_to_bytes.empty();
    const int number = is_select ? next : static_cast<int>(columns_[scan.columns[i]].position) + 1;
    next += has_bytes ? 2 : 1;
    if (number + (has_bytes ? 1 : 0) > count) throw changed_error("Column " + core::quoted(name) + " is missing.");
    const ColumnFacts facts = facts_of_result(session_.handle(), number);
    const ColumnRule sent = described_rule(facts, std::nullopt, false);
    if (!is_select && facts.name != name) {
      throw changed_error("Column " + core::quoted(name) + " comes as " + core::quoted(facts.name) + '.');
    }
    if (!can_store(rule, sent)) {
      throw changed_error("Column " + core::quoted(name) + " was described as " + rule.remote_type + " and comes as " +
                          sent.remote_type + '.');
    }
    if (!is_wanted) continue;
    wire.push_back({number, rule.decode, i, sent.decode == Decode::text, has_bytes ? number + 1 : 0});
  }
  return wire;
}

/// `what`: how the result differs.
core::Error SqlServerSource::changed_error(std::string_view what) const {
  return core::remote_error({.provider = "sqlserver",
                             .phase = Phase::execute,
                             .number = ErrorNumber::cannot_read,
                             .summary = summary_,
                             .remote_message = "its columns have changed since it was described",
                             .remote_detail = what,
                             .hint = "Try again."});
}

SqlServerCursor::~SqlServerCursor() {
  if (session_.busy()) session_.stop_statement();
}

bool SqlServerCursor::fetch(core::RowBatch& batch) {
  constexpr Task reading{Phase::fetch, "could not read rows"};
  bool more = true;
  session_.call([&] {
    while (more && !batch.full()) {
      session_.allow(max_row_bytes);
      more = dbnextrow(session_.handle()) != NO_MORE_ROWS && !dbdead(session_.handle()) &&
             !session_.messages().has_server_error();
      if (!more) break;
      if (offset_ > 0) {
        --offset_;
      } else {
        read_row(batch);
      }
    }
  });
  if (session_.messages().error() != nullptr || dbdead(session_.handle())) {
    throw statement_error(reading.phase, reading.summary, session_.messages());
  }
  if (!more && session_.next_result(reading)) {
    throw core::Error(ErrorNumber::cannot_read, "the query yields more than one result",
                      "Provider sqlserver, phase fetch.", "Ask for one result at a time.");
  }
  if (!more) session_.release(reading);
  return more;
}

void SqlServerCursor::read_row(core::RowBatch& batch) {
  DBPROCESS* handle = session_.handle();
  if (session_.messages().error() != nullptr) {
    const std::string summary =
        "could not convert the text of row " + std::to_string(batch.rows_before() + batch.rows() + 1) + " to UTF8";
    throw statement_error(Phase::convert, summary, session_.messages());
  }
  const bool has_invalid_text = session_.take_invalid_text();
  for (const WireColumn& column : columns_) {
    if (column.bytes_number != 0) {
      const int number = column.bytes_number;
      if (const BYTE* bytes = dbdata(handle, number)) {
        set_digits({bytes, static_cast<std::size_t>(dbdatlen(handle, number))}, column.target, batch);
        continue;
      }
    }
    const BYTE* value = dbdata(handle, column.number);
    if (value == nullptr) {
      batch.set_null(column.target);
      continue;
    }
    const auto size = static_cast<std::size_t>(dbdatlen(handle, column.number));
    if (has_invalid_text && column.is_converted && std::memchr(value, invalid_character, size) != nullptr) {
      batch.set_invalid(column.target, "has a character that can't be converted to UTF8",
                        {reinterpret_cast<const char*>(value), size}, ErrorNumber::encoding);
    } else {
      decode_value(column.decode, {value, size}, column.target, batch);
    }
  }
  batch.finish_row();
}

}  // namespace connector::sqlserver
