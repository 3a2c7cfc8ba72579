#include "drivers/sqlserver/source.hpp"

#include <algorithm>
#include <cstring>
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

constexpr const char* default_schema = "dbo";

/// A value of PostgreSQL has at most 1 GB, twice as much in UTF-16; then there is the rest of the row.
constexpr std::size_t max_row_bytes = (std::size_t{1} << 31) + (std::size_t{1} << 26);

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(ErrorNumber::invalid_parameters, std::move(message), "Provider sqlserver, phase describe.",
                     std::move(hint));
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
    : session_(session), encoding_(request.encoding) {
  // Its texts are stored as UTF-8, and casting them to bytes does not give those of the code page.
  if (encoding_ && session_.is_babelfish()) {
    throw request_error("\"encoding\" can't be used with Babelfish",
                        "Leave it out: text is converted from the code page of its collation.");
  }
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
  description_.indexes = table.parts.indexes;
  description_.foreign_keys = table.parts.foreign_keys;
}

void SqlServerSource::describe_query(const core::SourceRequest& request) {
  query_ = request.query;
  summary_ = "could not run the query";
  const Task describing{Phase::describe, summary_};
  std::optional<std::vector<ColumnFacts>> facts;
  if (session_.is_babelfish()) {
    session_.begin_transaction(false, describing);
    facts = describe_rewritten();
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

/// Where only a result tells, a query is described only if it has columns that must be rewritten, and can stand in
/// another one; else nothing comes back, and it is started at once.
std::optional<std::vector<ColumnFacts>> SqlServerSource::describe_rewritten() {
  for (const std::string_view wrapping : wrappings) {
    auto facts = describe_select("* FROM (\n" + query_ + std::string(wrapping) + "\n) AS q");
    if (!facts) continue;
    const bool has_rewritten =
        std::ranges::any_of(columns_of(*facts), [](const Column& column) { return !column.rule.rewrite.empty(); });
    return has_rewritten ? std::move(facts) : std::nullopt;
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
  columns_.push_back({position, column.rule});
  core::RemoteColumn& described = description_.columns.emplace_back();
  described.name = column.name;
  described.remote_type = column.rule.remote_type;
  described.type = column.rule.type;
  described.form = column.rule.form;
  described.encoding = column.rule.encoding;
  described.unsupported_reason = column.rule.unsupported;
  return described;
}

/// Columns of a query that must be rewritten are so in a query around it. Where that is not possible they are left out.
void SqlServerSource::prepare_rewriting() {
  std::vector<std::size_t> rewritten_columns;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].rule.rewrite.empty()) rewritten_columns.push_back(i);
  }
  if (rewritten_columns.empty() || (!started_ && find_wrapping(rewritten_columns))) return;
  for (const std::size_t index : rewritten_columns) {
    description_.columns[index].unsupported_reason =
        "values of " + columns_[index].rule.remote_type +
        " must be converted on the server, and this query can't stand in another one; convert them in the query";
  }
}

bool SqlServerSource::find_wrapping(const std::vector<std::size_t>& rewritten_columns) {
  const auto found = std::ranges::find_if(wrappings, [&](std::string_view wrapping) {
    return describe_select(select_list(rewritten_columns) + " FROM " + wrapped_query(wrapping)).has_value();
  });
  if (found == std::end(wrappings)) return false;
  wrapping_ = *found;
  return true;
}

std::string SqlServerSource::select_list(const std::vector<std::size_t>& selected) const {
  std::string list;
  for (const std::size_t index : selected) {
    const SourceColumn& column = columns_[index];
    const std::string name =
        table_.empty() ? "q.c" + std::to_string(column.position) : quote_identifier(description_.columns[index].name);
    if (!list.empty()) list += ", ";
    list += column.rule.rewrite.empty() ? name : rewritten(column.rule.rewrite, name);
    if (!column.rule.rewrite_to_bytes.empty()) list += ", " + rewritten(column.rule.rewrite_to_bytes, name);
  }
  return list.empty() ? "NULL" : list;
}

/// The query with its columns numbered, since their names may be missing, or be there twice.
std::string SqlServerSource::wrapped_query(std::string_view more) const {
  std::string names;
  for (std::size_t i = 0; i < query_columns_; ++i) names += (i == 0 ? "c" : ", c") + std::to_string(i);
  // The line breaks end a comment that the query may end with.
  return "(\n" + query_ + std::string(more) + "\n) AS q (" + names + ")";
}

/// Whether the statement has the columns that are wanted, rewritten where need be, and no others.
bool SqlServerSource::is_rewritten(const core::Scan& scan) const {
  if (started_) return false;
  return !table_.empty() ||
         std::ranges::any_of(scan.columns, [&](std::size_t index) { return !columns_[index].rule.rewrite.empty(); });
}

std::string SqlServerSource::statement(const core::Scan& scan) const {
  if (!is_rewritten(scan)) return query_;
  core::Scan asked = scan;
  if (table_.empty()) asked.limit.reset();
  return dialect().select(
      asked, {.list = select_list(scan.columns), .from = table_.empty() ? wrapped_query(wrapping_) : table_},
      description_.columns);
}

std::unique_ptr<core::RemoteCursor> SqlServerSource::open(const core::Scan& scan) {
  const bool rewritten = is_rewritten(scan);
  if (!std::exchange(started_, false)) {
    const Task task{Phase::execute, summary_};
    // Views may lead into databases where snapshots are not allowed, but mostly don't; queries may do anything.
    session_.begin_transaction(!table_.empty(), task);
    if (!session_.start(statement(scan), task)) throw changed_error();
  }
  return std::make_unique<SqlServerCursor>(session_, wire_columns(scan.columns, rewritten));
}

/// How the rows are read. The table may have changed since it was described, or the description may be wrong: what the
/// result tells must fit into it.
std::vector<WireColumn> SqlServerSource::wire_columns(const std::vector<std::size_t>& selected, bool is_rewritten) {
  std::vector<WireColumn> wire;
  const int count = dbnumcols(session_.handle());
  int next = 1;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    const SourceColumn& column = columns_[selected[i]];
    const std::string& name = description_.columns[selected[i]].name;
    const bool has_bytes = is_rewritten && !column.rule.rewrite_to_bytes.empty();
    const int number = is_rewritten ? next : static_cast<int>(column.position) + 1;
    next += has_bytes ? 2 : 1;
    if (number + (has_bytes ? 1 : 0) > count) throw changed_error("Column " + core::quoted(name) + " is missing.");
    const ColumnFacts facts = facts_of_result(session_.handle(), number);
    const ColumnRule sent = described_rule(facts, std::nullopt, false);
    if (!is_rewritten && facts.name != name) {
      throw changed_error("Column " + core::quoted(name) + " comes as " + core::quoted(facts.name) + '.');
    }
    if (!can_store(column.rule, sent)) {
      throw changed_error("Column " + core::quoted(name) + " was described as " + column.rule.remote_type +
                          " and comes as " + sent.remote_type + '.');
    }
    wire.push_back({number, column.rule.decode, i, sent.decode == Decode::text, has_bytes ? number + 1 : 0});
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
      if (more) read_row(batch);
    }
  });
  if (session_.messages().error() != nullptr || dbdead(session_.handle())) {
    throw statement_error(reading.phase, reading.summary, session_.messages());
  }
  if (!more && session_.next_result(reading)) {
    throw core::Error(ErrorNumber::cannot_read, "the query yields more than one result",
                      "Provider sqlserver, phase fetch.", "Ask for one result at a time.");
  }
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
