#include "drivers/mysql/source.hpp"

#include <algorithm>
#include <utility>

#include <mysql.h>

#include "core/base/letter_case.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/chosen_columns.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/sort_key.hpp"
#include "core/base/list_text.hpp"

namespace connector::mysql {

namespace {

using core::ErrorNumber;
using core::Phase;

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(ErrorNumber::invalid_parameters, std::move(message), "Provider mysql, phase describe.",
                     std::move(hint));
}

/// What becomes of dates that are zero or partial.
core::InvalidValues zero_dates(const core::SourceRequest& request) {
  const bool is_error = core::option(request.parameters, "zero_dates") == "error";
  return is_error ? core::InvalidValues::error : core::InvalidValues::null;
}

bool tinyint1_is_boolean(const core::SourceRequest& request) {
  return core::option(request.parameters, "tinyint1") == "boolean";
}

/// MySQL's column names know no case.
bool same_column(std::string_view a, std::string_view b) {
  return core::same_but_for_case(a, b);
}

/// The name that the catalog has: a column of a table may have been asked for in other case.
std::string own_name(const Field& field) {
  return field.column_name.empty() ? field.name : field.column_name;
}

constexpr const char* invisible = "it is INVISIBLE at the source; \"columns\" can ask for it";

/// What MySQL calls the key that it adds to a table without one (sql_generate_invisible_primary_key).
constexpr const char* generated_key = "my_row_id";

bool is_generated_key(const Field& field) {
  return field.column_name == generated_key && (field.facts.flags & PRI_KEY_FLAG) != 0;
}

/// MariaDB's own type of that name. Behind a derived table its columns are plain text to the metadata.
bool is_json(const Field& field) {
  return field.facts.format_name == "json";
}

/// A bit column whose values can't be told from the digits of their number.
bool is_ambiguous(const ColumnRule& rule) {
  const std::int32_t bits = rule.type.kind == core::TypeKind::bit ? rule.type.length : 1;
  return rule.decode == Decode::expression_bits && !is_told_by_value(bits);
}

/// MySQL 5.6 and older call signed what GREATEST and LEAST make of unsigned integers, and send -1 for 255. Of a derived
/// table's column they tell what it is.
bool may_lack_sign(const Session& session, const Field& field) {
  if (session.version().at_least(50700, 1) || field.facts.is_table_column) return false;
  if ((field.facts.flags & UNSIGNED_FLAG) != 0) return false;
  switch (field.facts.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
      return true;
    default:
      return false;
  }
}

}  // namespace

MysqlSource::MysqlSource(Session& session, const core::SourceRequest& request, std::string_view default_schema,
                         CatalogRows* catalog)
    : session_(session),
      reading_{.encoding = request.encoding},
      zero_dates_(zero_dates(request)),
      tinyint1_is_boolean_(tinyint1_is_boolean(request)) {
  session_.end_state();
  if (reading_.encoding) reading_.charsets = read_charsets(session_);
  if (request.query.empty()) {
    const std::string_view schema = request.schema.empty() ? default_schema : request.schema;
    if (schema.empty()) {
      throw request_error("the schema of table " + core::quoted(request.table) + " is not known",
                          "Set \"schema\", or \"database\" in \"connection\".");
    }
    schema_name_ = schema;
    table_name_ = request.table;
    table_ = quote_table(schema, request.table);
    summary_ = "could not read table " + core::quoted(schema) + '.' + core::quoted(request.table);
    if (!can_be_a_name(schema) || !can_be_a_name(request.table)) throw no_such_table_error(summary_);
    session_.convert_results(true);
    CatalogRows of_table(session_, schema_name_, {table_name_});
    describe_table(request, read_catalog(catalog != nullptr ? *catalog : of_table, table_name_, request.parts));
  } else {
    query_ = request.query;
    summary_ = "could not run the query";
    describe_query(request);
  }
  describe_comparisons(request);
}

namespace {

/// Whether the server computes with more digits than it sends: of decimals (the sum of eight thirds is 2.6667 to
/// MariaDB 10.11), and of floats that hold a double or a bigint (COALESCE(a float, 16777217) arrives as 16777216 from
/// MySQL 5.6).
bool is_rounded_when_it_arrives(const SourceColumn& column) {
  return column.is_expression && (column.rule.decode == Decode::decimal || column.rule.decode == Decode::float4);
}

}  // namespace

/// Which values may be NULL here, and which columns can't be compared there.
void MysqlSource::describe_comparisons(const core::SourceRequest& request) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    core::RemoteColumn& described = description_.columns[i];
    const SourceColumn& column = columns_[i];
    const bool is_date = column.rule.decode == Decode::date || column.rule.decode == Decode::datetime;
    const bool may_be_invalid = request.invalid_become_null && can_be_invalid(column.rule, !table_.empty());
    described.may_become_null = may_be_invalid || (is_date && zero_dates_ == core::InvalidValues::null);
    const bool is_declared = reading_.encoding && core::is_text_kind(described.type.kind);
    const bool is_uncertain = column.rule.decode == Decode::expression_bits && !column.is_number;
    described.is_rounded = is_rounded_when_it_arrives(column);
    described.is_comparable = !column.rule.is_truth && !is_declared && !is_uncertain && !described.is_rounded;
  }
}

void MysqlSource::describe_table(const core::SourceRequest& request, const CatalogTable& catalog) {
  session_.convert_results(!reading_.encoding);
  std::string list;
  for (const core::ColumnRequest& column : request.columns) {
    core::add_item(list, quote_identifier(column.name));
  }
  Statement statement(session_, "SELECT " + (list.empty() ? "*" : list) + " FROM " + table_, Phase::describe, summary_);
  const std::vector<Field> fields = statement.fields();
  if (std::ranges::any_of(fields, [&](const Field& field) { return may_lack_sign(session_, field); })) {
    query_ = "SELECT * FROM " + std::exchange(table_, {});  // a view: it has no key that would be lost
    return describe_query(request);
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& wanted = i < request.columns.size() ? request.columns[i].wanted : std::nullopt;
    const CatalogColumn* known = find_column(catalog, own_name(fields[i]));
    core::RemoteColumn& column = add_column(fields[i], i, known != nullptr && known->is_json, wanted);
    columns_.back().is_number = columns_.back().rule.decode == Decode::expression_bits;
    column.not_null = fields[i].not_null && !catalog.is_view;
    if (known != nullptr) {
      if (column.remote_type != "json") column.remote_type = known->type;  // MariaDB: longtext
      column.comment = known->comment;
      column.collation = known->collation;
      if (request.parts.defaults && !catalog.is_view)
        column.default_value = default_of(known->default_facts, column.type);
      if (column.type.kind == core::TypeKind::geometry) column.type.srid = known->srid;
    }
  }
  describe_invisible(request, catalog, fields);
  std::vector<std::string> key = catalog.primary_key;
  if (key.empty() && std::ranges::any_of(fields, is_generated_key)) key = {generated_key};
  for (const std::string& key_column : key) {
    const auto found = std::ranges::find(fields, key_column, own_name);
    if (found == fields.end()) {  // it was not asked for: the others are no key
      description_.primary_key.clear();
      break;
    }
    description_.primary_key.push_back(found->name);
  }
  description_.comment = catalog.comment;
  description_.estimated_rows = catalog.estimated_rows;
  describe_parts(catalog, fields);
}

/// Indexes and foreign keys, with the names of columns that were asked for as they were asked for.
void MysqlSource::describe_parts(const CatalogTable& catalog, const std::vector<Field>& fields) {
  const auto rename = [&](std::string& name) {
    const auto found = std::ranges::find(fields, name, own_name);
    if (found != fields.end()) name = found->name;
  };
  description_.indexes = catalog.indexes;
  for (core::RemoteIndex& index : description_.indexes) {
    for (core::RemoteIndex::Column& column : index.columns) rename(column.name);
  }
  description_.foreign_keys = catalog.foreign_keys;
  for (core::RemoteForeignKey& key : description_.foreign_keys) std::ranges::for_each(key.columns, rename);
}

/// Columns that `SELECT *` leaves out are left out here, too, but not in silence.
void MysqlSource::describe_invisible(const core::SourceRequest& request, const CatalogTable& catalog,
                                     const std::vector<Field>& fields) {
  if (!request.columns.empty()) return;
  for (const CatalogColumn& known : catalog.columns) {
    if (!known.is_invisible || std::ranges::find(fields, known.name, own_name) != fields.end()) continue;
    core::RemoteColumn& column = description_.columns.emplace_back();
    column.name = known.name;
    column.remote_type = known.type;
    column.unsupported_reason = invisible;
    columns_.emplace_back();
  }
  if (catalog.is_view || !catalog.primary_key.empty() || !has_generated_key()) return;
  core::RemoteColumn& column = description_.columns.emplace_back();
  column.name = generated_key;
  column.remote_type = "bigint unsigned";
  column.unsupported_reason = invisible;
  columns_.emplace_back();
}

/// Whether a table that has no key to the catalog has one that MySQL made itself: the catalog may hide it.
bool MysqlSource::has_generated_key() {
  if (!session_.version().at_least(80030, 0)) return false;
  try {
    const std::string sql = "SELECT " + quote_identifier(generated_key) + " FROM " + table_;
    return is_generated_key(Statement(session_, sql, Phase::describe, summary_).fields().at(0));
  } catch (const core::Error&) {
    if (!session_.usable()) throw;
    return false;
  }
}

void MysqlSource::describe_query(const core::SourceRequest& request) {
  session_.convert_results(!reading_.encoding);
  described_ = std::make_unique<Statement>(session_, query_, Phase::describe, summary_);
  if (described_->parameters() > 0) {
    throw request_error("the query has placeholders",
                        "A question mark outside of quotes stands for a value that is "
                        "missing here.");
  }
  std::vector<Field> fields = described_->fields();
  if (fields.empty()) {
    throw request_error(
        "the query yields no rows",
        "Only a statement with a result can be read, as SELECT and SHOW have. Of CALL and EXPLAIN the server does not "
        "tell the columns before they run.");
  }
  const std::vector<bool> is_number = ask_for_numbers(fields);
  for (const Field& field : described_->fields()) query_names_.push_back(field.name);
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  const std::vector<std::size_t> chosen = core::chosen_columns(names, request, "mysql", core::NameCase::ignored);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Field& field = fields[chosen[i]];
    if (request.columns.empty()) {
      add_column(field, chosen[i], is_json(field), std::nullopt);
    } else {
      add_column(field, chosen[i], is_json(field), request.columns[i].wanted).name = request.columns[i].name;
    }
  }
  for (SourceColumn& column : columns_) column.is_number = is_number[column.wire_column];
}

/// Where a query has bits of expressions whose values could not be told from digits, or integers that may lack their
/// sign, puts a query around it that asks for all bits as numbers. Gives the columns that are such numbers; the others
/// in `fields` become as they arrive then. None if that can't be done, as for SHOW, or columns of equal names.
std::vector<bool> MysqlSource::ask_for_numbers(std::vector<Field>& fields) {
  std::vector<bool> none(fields.size());
  std::vector<bool> is_number;
  bool is_needed = false;
  std::string list;
  for (const Field& field : fields) {
    const ColumnRule rule = column_rule(field.facts, false, reading_, std::nullopt);
    is_needed = is_needed || is_ambiguous(rule) || may_lack_sign(session_, field);
    is_number.push_back(is_bits(rule.decode));
    const std::string name = quote_identifier(field.name);
    core::add_item(list, "q." + name + (is_number.back() ? " + 0 AS " + name : ""));
  }
  if (!is_needed) return none;
  std::string sql = "SELECT " + list + " FROM " + derived_table();
  try {
    auto around = std::make_unique<Statement>(session_, sql, Phase::describe, summary_);
    std::vector<Field> arriving = around->fields();
    if (arriving.size() != fields.size()) return none;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (is_number[i]) continue;
      arriving[i].facts.format_name = fields[i].facts.format_name;
      fields[i] = std::move(arriving[i]);
    }
    described_ = std::move(around);
  } catch (const core::Error&) {
    if (!session_.usable()) throw;
    return none;
  }
  query_ = std::move(sql);
  return is_number;
}

core::RemoteColumn& MysqlSource::add_column(const Field& field, std::size_t wire_column, bool is_json,
                                            const std::optional<core::LogicalType>& wanted) {
  SourceColumn& column = columns_.emplace_back();
  column.wire_column = wire_column;
  column.is_json = is_json;
  column.is_expression = !field.facts.is_table_column;
  column.is_of_query = table_.empty();
  column.wanted = wanted;
  column.rule = column_rule(field.facts, is_json, reading_, wanted);
  const bool may_be_boolean = !wanted || wanted->kind == core::TypeKind::boolean;
  if (tinyint1_is_boolean_ && may_be_boolean && is_tinyint1(field.facts)) read_as_boolean(column.rule);
  core::RemoteColumn& described = description_.columns.emplace_back();
  described.name = field.name;
  described.remote_type = column.rule.remote_type;
  described.type = column.rule.type;
  described.form = column.rule.form;
  described.encoding = column.rule.text.encoding;
  return described;
}

core::Support MysqlSource::support(const core::Expression& condition) {
  return can_be_asked() ? dialect().support(condition, description_.columns) : core::Support::none;
}

bool MysqlSource::orders_by(std::size_t column) {
  const core::RemoteColumn& described = description_.columns[column];
  return can_be_asked() && dialect().orders(described) && sorts_whole(described);
}

/// For some of its rows, or for all in an order. A query must be a derived table for that: its columns must have
/// different names, and SHOW and the like can't at all.
bool MysqlSource::can_be_asked() {
  if (!table_.empty() || is_joined()) return true;
  if (!stands_in_another_) {
    stands_in_another_ = names_differ();
    try {
      if (*stands_in_another_) Statement(session_, "SELECT * FROM " + derived_table(), Phase::describe, summary_);
    } catch (const core::Error&) {
      if (!session_.usable()) throw;
      stands_in_another_ = false;
    }
  }
  return *stands_in_another_;
}

bool MysqlSource::names_differ() const {
  for (auto name = query_names_.begin(); name != query_names_.end(); ++name) {
    if (std::any_of(query_names_.begin(), name, [&](const std::string& other) { return same_column(other, *name); })) {
      return false;
    }
  }
  return true;
}

std::string MysqlSource::from() const {
  // The line breaks end a comment that the query may end with.
  return table_.empty() ? "(\n" + query_ + "\n)" : table_;
}

std::string MysqlSource::derived_table() const {
  return from() + " AS q";
}

std::optional<std::string> MysqlSource::change_mark() {
  if (table_.empty()) return std::nullopt;
  session_.convert_results(true);
  return read_change_mark(session_, schema_name_, table_name_);
}

}  // namespace connector::mysql
