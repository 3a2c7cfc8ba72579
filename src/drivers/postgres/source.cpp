#include "drivers/postgres/source.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <libpq-fe.h>

#include "core/remote/chosen_columns.hpp"
#include "core/remote/range_statement.hpp"
#include "core/base/utf8.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/cursors.hpp"
#include "drivers/postgres/default_value.hpp"
#include "drivers/postgres/dialect.hpp"
#include "drivers/postgres/division.hpp"
#include "drivers/postgres/row_hash.hpp"
#include "drivers/postgres/snapshot.hpp"
#include "drivers/postgres/sql_text.hpp"
#include "core/base/list_text.hpp"

namespace connector::postgres {

namespace {

using core::Phase;

constexpr const char* unnamed = "?column?";  // what PostgreSQL calls an expression without a name

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(core::ErrorNumber::invalid_parameters, std::move(message), "Provider postgres, phase describe.",
                     std::move(hint));
}

/// In which encoding the request says that text is stored, if that is news: what a UTF8 database holds was verified by
/// its server, while the text of any other may be something else than the database was declared to hold.
std::optional<std::string> stored_encoding(const Session& session, const core::SourceRequest& request) {
  return session.server_encoding() == "UTF8" ? std::nullopt : request.encoding;
}

std::string percent(double part) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, part * 100).ptr};
}

/// Whether the local type may refuse a value: not where all bits mean one, or the server has looked at them.
bool may_be_invalid(const ColumnRule& rule, const Session& session) {
  if (core::is_text_kind(rule.type.kind)) return session.server_encoding() == "SQL_ASCII";
  switch (rule.type.kind) {
    case core::TypeKind::boolean:
    case core::TypeKind::int2:
    case core::TypeKind::int4:
    case core::TypeKind::int8:
    case core::TypeKind::float4:
    case core::TypeKind::float8:
    case core::TypeKind::uuid:
    case core::TypeKind::bytea:
      return false;
    default:
      return true;
  }
}

}  // namespace

PostgresSource::PostgresSource(Session& session, const core::SourceRequest& request)
    : session_(session),
      stored_encoding_(stored_encoding(session, request)),
      invalid_become_null_(request.invalid_become_null) {
  money_digits_ = begin_transaction(session_).money_digits;
  if (!session_.snapshot()) new_transaction_ = session_.transaction();
  is_locked_ = true;
  WithinSnapshot step(session_);
  if (request.query.empty()) {
    describe_table(request);
  } else {
    describe_query(request);
  }
  step.done();
}

PostgresSource::PostgresSource(Session& session, const core::SourceRequest& request, const CatalogTable& table,
                               const CatalogTypes& types, int money_digits)
    : session_(session), invalid_become_null_(request.invalid_become_null), money_digits_(money_digits), types_(types) {
  add_table(request, table);
}

PostgresSource::~PostgresSource() {
  if (session_.busy()) session_.stop_statement();
  if (holds_state_) session_.end_snapshot();
}

void PostgresSource::describe_table(const core::SourceRequest& request) {
  const std::string schema = request.schema.empty() ? default_schema : request.schema;
  table_ = quote_table(schema, request.table);
  summary_ = "could not read table " + core::quoted(schema) + '.' + core::quoted(request.table);
  const CatalogTable table = read_table(
      session_.run(table_statements(session_, schema, request.table, request.parts), {Phase::describe, summary_}),
      request.parts);
  std::vector<TypeUse> uses;
  for (const CatalogColumn& column : table.columns) uses.push_back(column.use);
  look_up_types(session_, uses, types_);
  add_table(request, table);
}

void PostgresSource::add_table(const core::SourceRequest& request, const CatalogTable& table) {
  std::vector<Column> columns;
  for (const CatalogColumn& column : table.columns) columns.push_back({column.name, column.name, column.use});
  show_names(columns);
  for (const std::size_t index : chosen(columns, request)) {
    const CatalogColumn& known = table.columns[index];
    core::RemoteColumn& column = add_column(columns[index], index);
    seen_.push_back(base_of(known.use, types_));  // as the server tells a result's
    column.remote_type = known.type;
    column.collation = known.collation;
    column.not_null = known.not_null;
    column.comment = shown(known.comment);
    if (known.is_identity) {
      column.default_value = {core::ColumnDefault::Kind::other, "GENERATED AS IDENTITY"};
    } else if (!known.default_expression.empty()) {
      column.default_value = default_of(reread(known.default_expression), known.type, column.type);
    }
  }
  std::map<int, std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) names[table.columns[i].number] = columns[i].shown;
  for (const int number : table.primary_key) {
    if (names.contains(number)) description_.primary_key.push_back(names[number]);
  }
  description_.estimated_rows = table.estimated_rows;
  samples_ = session_.version() >= 90500 && (table.relkind == "r" || table.relkind == "m" || table.relkind == "p");
  description_.comment = shown(table.comment);
  describe_parts(table, names);
}

/// `names`: of the columns by their numbers.
void PostgresSource::describe_parts(const CatalogTable& table, std::map<int, std::string>& names) {
  for (const CatalogIndex& known : table.indexes) {
    core::RemoteIndex& index = description_.indexes.emplace_back(known.index);
    index.name = shown(index.name);
    for (const CatalogIndex::Column& column : known.columns) {
      index.columns.push_back({names[column.number], column.descending, column.nulls_first != column.descending});
    }
    for (const int number : known.included) index.included.push_back(names[number]);
  }
  for (const CatalogForeignKey& known : table.foreign_keys) {
    core::RemoteForeignKey& key = description_.foreign_keys.emplace_back(known.key);
    for (const int number : known.columns) key.columns.push_back(names[number]);
    for (std::string* name : {&key.name, &key.schema, &key.table}) *name = shown(*name);
    for (std::string& name : key.referenced_columns) name = shown(name);
  }
}

void PostgresSource::describe_query(const core::SourceRequest& request) {
  query_ = first_statement(request.query);
  copyable_ = is_copyable(query_);
  summary_ = "could not run the query";
  // A table may have been described in the same transaction.
  if (session_.snapshot()) session_.run(set_search_path(SearchPath::user), {Phase::describe, summary_});
  // The whole text: the server is the one who knows whether there is one statement in it.
  const Result result = session_.describe(request.query, {Phase::describe, summary_});
  if (PQnparams(result.get()) > 0) {
    throw request_error("the query has placeholders", "A text like $1 stands for a value that is missing here.");
  }
  std::vector<Column> columns;
  std::vector<TypeUse> uses;
  for (int i = 0; i < PQnfields(result.get()); ++i) {
    const TypeUse use{PQftype(result.get(), i), PQfmod(result.get(), i)};
    columns.push_back({PQfname(result.get(), i), PQfname(result.get(), i), use});
    uses.push_back(use);
    query_types_.push_back(use.oid);
    seen_.push_back(use);
  }
  if (columns.empty())
    throw request_error("the query yields no rows",
                        "Only a statement with a result can be read, as SELECT and SHOW have.");
  look_up_types(session_, uses, types_);
  show_names(columns);
  for (const std::size_t index : chosen(columns, request)) {
    core::RemoteColumn& column = add_column(columns[index], index);
    column.remote_type = type_name(columns[index].use, types_);
    if (column.name == unnamed) column.name.clear();
  }
}

/// The names in UTF-8. The server converted them from the database's encoding, which it may not know.
void PostgresSource::show_names(std::vector<Column>& columns) {
  if (stored_encoding_) {
    std::vector<std::string> names;
    for (const Column& column : columns) names.push_back(column.name);
    names = reread_names(session_, std::move(names), *stored_encoding_);
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].shown = names[i];
  }
  for (const Column& column : columns) {
    if (core::is_text(column.shown)) continue;
    throw core::Error(
        core::ErrorNumber::encoding, "column name " + core::quoted(column.shown) + " is not valid in UTF8",
        "Provider postgres, phase describe. The remote database's encoding is " + session_.server_encoding() + ".",
        "Set \"encoding\" to the encoding that the remote text really has.");
  }
}

std::vector<std::size_t> PostgresSource::chosen(const std::vector<Column>& columns,
                                                const core::SourceRequest& request) {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.shown);
  return core::chosen_columns(names, request, "postgres");
}

core::RemoteColumn& PostgresSource::add_column(const Column& column, std::size_t position) {
  SourceColumn& source = columns_.emplace_back();
  source.position = position;
  source.sql = table_.empty() ? "q.c" + std::to_string(position) : quote_identifier(column.name);
  source.rule = copyable_ ? binary_rule(column.use, types_, money_digits_) : text_rule(column.use, types_);
  core::RemoteColumn& described = description_.columns.emplace_back();
  described.name = column.shown;
  described.type = source.rule.type;
  described.form = source.rule.form;
  described.encoding = stored_encoding_.value_or("UTF8");
  // Text that is declared to be something else than it is can't be compared there.
  described.is_comparable = !(stored_encoding_ && core::is_text_kind(described.type.kind));
  described.may_become_null = invalid_become_null_ && may_be_invalid(source.rule, session_);
  return described;
}

/// A text that the server converted from the database's encoding, which it may not know, in UTF-8 if it can be.
std::string PostgresSource::reread(const std::string& text) {
  return stored_encoding_ && !text.empty() ? reread_names(session_, {text}, *stored_encoding_)[0] : text;
}

/// Likewise, fit to be shown in any case.
std::string PostgresSource::shown(const std::string& text) {
  const std::string converted = reread(text);
  return core::is_text(converted) ? converted : core::shown_text(converted, converted.size());
}

/// The query with its columns numbered, since their names may be missing, or be there twice.
std::string PostgresSource::query_columns(std::string_view alias) const {
  std::string names;
  for (std::size_t i = 0; i < query_types_.size(); ++i) names += (i == 0 ? "c" : ", c") + std::to_string(i);
  // The line breaks end a comment that the query may end with.
  return "(\n" + query_ + "\n) AS " + std::string(alias) + " (" + names + ")";
}

std::string PostgresSource::column_sql(const SourceColumn& column) const {
  return column.rule.cast.empty() ? column.sql : column.sql + "::" + column.rule.cast;
}

std::string PostgresSource::from_sql() const {
  if (!parts_.empty()) return parts_.front();
  return table_.empty() ? query_columns("q") : table_;
}

core::Support PostgresSource::support(const core::Expression& condition) {
  return copyable_ ? own_dialect().support(condition, description_.columns) : core::Support::none;
}

bool PostgresSource::orders_by(std::size_t column) {
  return copyable_ && own_dialect().orders(description_.columns[column]);
}

bool PostgresSource::orders_cheaply(std::size_t /*column*/) {
  return true;  // texts of other collations than "C" are sorted there, in files beside the database's own
}

bool PostgresSource::samples() {
  return samples_;
}

std::string PostgresSource::statement(const core::Scan& scan) {
  return copyable_ ? select_statement(scan) : query_;
}

const core::Dialect& PostgresSource::own_dialect() const {
  // What an SQL_ASCII database has is taken for what it must be here.
  const std::string& encoding = session_.server_encoding();
  return dialect({.is_utf8 = encoding == "UTF8" || encoding == "SQL_ASCII", .has_characters = encoding != "SQL_ASCII"});
}

std::optional<std::string> PostgresSource::change_mark() {
  // In a snapshot the rows would be older than the mark.
  if (table_.empty() || session_.snapshot()) return std::nullopt;
  std::optional<std::string> mark = read_change_mark(session_, table_);
  // The rows must not be older than the mark.
  begin_transaction(session_);
  new_transaction_ = session_.transaction();
  is_locked_ = false;
  return mark;
}

/// Whether these are the query's columns as they come, all of them in their order.
bool PostgresSource::is_as_it_is(const core::Scan& scan) const {
  if (scan.where || !scan.order_by.empty() || scan.limit || scan.is_grouped) return false;
  if (!table_.empty() || !parts_.empty() || scan.columns.size() != query_types_.size()) return false;
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    const SourceColumn& column = columns_[scan.columns[i]];
    if (column.position != i || !column.rule.cast.empty()) return false;
  }
  return true;
}

std::string PostgresSource::select_statement(const core::Scan& scan) const {
  if (is_as_it_is(scan)) return "\n" + query_ + "\n";
  core::Dialect::Selection selection{
      .list = {}, .from = from_sql(), .column = [this](std::size_t index) { return column_sql(columns_[index]); }};
  if (!scan.is_grouped) {
    for (const std::size_t index : scan.columns) core::add_item(selection.list, selection.column(index));
  }
  if (scan.sample) selection.from += " TABLESAMPLE pg_catalog.bernoulli (" + percent(*scan.sample) + ')';
  if (!parts_.empty()) selection.joined.assign(parts_.begin() + 1, parts_.end());
  return own_dialect().select(scan, selection, description_.columns);
}

/// Has no rows, but the columns that were described.
std::string PostgresSource::look_statement() const {
  if (!parts_.empty()) return joined_look_;
  if (table_.empty()) return "SELECT * FROM (\n" + query_ + "\n) AS q WHERE false; ";
  std::string list;
  for (const SourceColumn& column : columns_) core::add_item(list, column.sql);
  return "SELECT " + list + " FROM " + table_ + " WHERE false; ";
}

std::string PostgresSource::why_no_sums(const core::RangeRequest& request) {
  if (!parts_.empty()) return "only a table or a query can be read by ranges";
  if (!copyable_) return "the query can't stand in another one";
  // What a type has no binary form of is hashed as it is imported, as text: no type is left out.
  return core::why_no_ranges(own_dialect(), request, description_.columns);
}

std::vector<std::string> PostgresSource::divide(std::size_t wanted) {
  if (table_.empty()) return {};
  if (new_transaction_ == 0) begin_transaction(session_);
  try {
    WithinSnapshot step(session_);
    std::vector<std::string> parts = divide_table(session_, table_, own_dialect(), wanted);
    step.done();
    return parts;
  } catch (const core::Error&) {
    // Some that only speak the protocol have no such catalog. The transaction is of no more use.
    if (!session_.usable()) throw;
    new_transaction_ = 0;
    return {};
  }
}

void PostgresSource::hold_state() {
  if (session_.snapshot()) return;
  begin_reading();
  session_.hold_snapshot(money_digits_);
  holds_state_ = true;
}

/// The rows' values as a binary COPY has them: for each its type, its length or -1, and its bytes.
std::string PostgresSource::hash_sql(const core::RangeRequest& request) const {
  std::string list;
  for (const std::size_t index : request.columns) core::add_item(list, column_sql(columns_[index]));
  return row_hash(list, session_.version());
}

std::vector<core::RangeSum> PostgresSource::sum_ranges(const core::RangeRequest& request) {
  const std::string hashes = core::select_hashes(
      own_dialect(), request,
      {.list = {}, .from = from_sql(), .column = [this](std::size_t index) { return column_sql(columns_[index]); }},
      hash_sql(request), description_.columns);
  begin_reading();
  const ReadStatement settings = reading_settings();
  WithinSnapshot step(session_);
  const std::string end = session_.snapshot() ? "" : "; COMMIT";
  const auto answers = session_.run(settings.before + sum_of_hashes(hashes, session_.version()) + settings.after + end,
                                    {Phase::execute, summary_});
  step.done();
  core::RangeSumReader reader(request.bounds.size(), "postgres", summary_);
  if (answers.size() == 1) {
    for (const TextRow& row : answers[0]) reader.add(row);
  } else {
    throw_malformed("the server does not tell checksums", Phase::execute, summary_);
  }
  return reader.take();
}

std::string PostgresSource::sum_form(const core::RangeRequest& request) {
  return hash_sql(request);
}

/// Begins the transaction that a statement reads in, unless there is one that nothing has been read in.
void PostgresSource::begin_reading() {
  const std::uint64_t begun = std::exchange(new_transaction_, 0);
  if (begun != 0 && begun == session_.transaction()) return;
  begin_transaction(session_);
  is_locked_ = false;
}

ReadStatement PostgresSource::reading_settings() const {
  ReadStatement statement{.before = set_search_path(SearchPath::user)};
  // The message is converted as a whole before this has an effect, so names in it may be what they are.
  if (stored_encoding_) {
    statement.before += "SET LOCAL client_encoding = " + quote_literal(session_.server_encoding()) + "; ";
    statement.after = "; SET LOCAL client_encoding = " + quote_literal(usual_encoding(session_));
  }
  return statement;
}

std::unique_ptr<core::RemoteCursor> PostgresSource::open(const core::Scan& scan) {
  begin_reading();
  ReadStatement statement = reading_settings();
  if (!copyable_) {
    statement.sql = query_;
    std::vector<std::size_t> positions;
    for (const std::size_t index : scan.columns) positions.push_back(columns_[index].position);
    return open_query(session_, statement, std::move(positions), query_types_, summary_);
  }
  statement.sql = select_statement(scan);
  // The binary form does not tell its types. Behind this the table is locked against changes.
  const std::uint64_t locks = session_.snapshot() ? session_.snapshot()->locks : 0;
  const std::uint64_t seen_with = std::exchange(seen_with_locks_, 0);
  const bool was_locked = std::exchange(is_locked_, false);
  // A join has no transaction in which its tables were described.
  if (locks == 0 ? !was_locked && query_.empty() : seen_with != locks) {
    statement.look = look_statement();
    statement.seen = seen_;
  }
  auto cursor = open_copy(session_, statement, decodes(scan), summary_);
  seen_with_locks_ = locks;
  return cursor;
}

}  // namespace connector::postgres
