#include "drivers/mysql/source.hpp"

#include <algorithm>

#include "core/utf8.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/errors.hpp"

namespace connector::mysql {

namespace {

using core::ErrorNumber;
using core::Phase;

core::Error request_error(std::string message, std::string hint = {}) {
  return core::Error(ErrorNumber::invalid_parameters, std::move(message), "Provider mysql, phase describe.",
                     std::move(hint));
}

/// MySQL's column names know no case.
bool same_column(std::string_view a, std::string_view b) {
  return core::lower_ascii(a) == core::lower_ascii(b);
}

/// The column of that very name, else the only one that has it but for case: as the server finds a table's columns.
std::size_t find_column(const std::vector<Field>& fields, const std::string& name) {
  const auto exact = std::ranges::find(fields, name, &Field::name);
  if (exact != fields.end()) return static_cast<std::size_t>(exact - fields.begin());
  const auto is_same = [&](const Field& field) { return same_column(field.name, name); };
  const auto found = std::ranges::find_if(fields, is_same);
  if (found == fields.end()) throw request_error("the query has no column " + core::quoted(name));
  if (std::any_of(found + 1, fields.end(), is_same)) {
    throw request_error("the query has more than one column " + core::quoted(name) + " but for case",
                        "Write the name in \"columns\" as the query has it.");
  }
  return static_cast<std::size_t>(found - fields.begin());
}

}  // namespace

MysqlSource::MysqlSource(Session& session, const core::SourceRequest& request, std::string_view default_schema)
    : session_(session), reading_{.encoding = request.encoding}, zero_dates_(request.zero_dates) {
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
    session_.convert_results(true);
    describe_table(request, read_catalog(session_, schema, request.table));
  } else {
    query_ = request.query;
    summary_ = "could not run the query";
    describe_query(request);
  }
}

MysqlSource::~MysqlSource() {
  if (statement_ && statement_->is_open()) session_.stop_statement();
}

void MysqlSource::describe_table(const core::SourceRequest& request, const CatalogTable& catalog) {
  session_.convert_results(!reading_.encoding);
  std::string list;
  for (const core::ColumnRequest& column : request.columns) {
    list += (list.empty() ? "" : ", ") + quote_identifier(column.name);
  }
  Statement statement(session_, "SELECT " + (list.empty() ? "*" : list) + " FROM " + table_, Phase::describe, summary_);
  const std::vector<Field> fields = statement.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& wanted = i < request.columns.size() ? request.columns[i].wanted : std::nullopt;
    const auto known = catalog.columns.find(core::lower_ascii(fields[i].name));
    const bool is_known = known != catalog.columns.end();
    core::RemoteColumn& column = add_column(fields[i], i, is_known && known->second.is_json, wanted);
    column.not_null = fields[i].not_null;
    if (is_known) {
      if (column.type.kind != core::TypeKind::jsonb) column.remote_type = known->second.type;  // MariaDB: longtext
      column.comment = known->second.comment;
      if (column.type.kind == core::TypeKind::geometry) column.type.srid = known->second.srid;
    }
  }
  for (const std::string& key_column : catalog.primary_key) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return same_column(field.name, key_column); });
    if (found == fields.end()) {  // it was not asked for: the others are no key
      description_.primary_key.clear();
      break;
    }
    description_.primary_key.push_back(found->name);
  }
  description_.comment = catalog.comment;
  description_.estimated_rows = catalog.estimated_rows;
}

void MysqlSource::describe_query(const core::SourceRequest& request) {
  session_.convert_results(!reading_.encoding);
  statement_ = std::make_unique<Statement>(session_, request.query, Phase::describe, summary_);
  if (statement_->parameters() > 0) {
    throw request_error("the query has placeholders",
                        "A question mark outside of quotes stands for a value that is "
                        "missing here.");
  }
  const std::vector<Field> fields = statement_->fields();
  if (fields.empty()) {
    throw request_error(
        "the query yields no rows",
        "Only a statement with a result can be read, as SELECT and SHOW have. Of CALL and EXPLAIN the server does not "
        "tell the columns before they run.");
  }
  if (request.columns.empty()) {
    for (std::size_t i = 0; i < fields.size(); ++i) add_column(fields[i], i, false, std::nullopt);
    return;
  }
  for (const core::ColumnRequest& asked : request.columns) {
    const std::size_t index = find_column(fields, asked.name);
    if (std::ranges::any_of(columns_, [&](const SourceColumn& column) { return column.wire_column == index; })) {
      throw request_error("\"columns\" has column " + core::quoted(fields[index].name) + " twice, in different case");
    }
    add_column(fields[index], index, false, asked.wanted).name = asked.name;
  }
}

core::RemoteColumn& MysqlSource::add_column(const Field& field, std::size_t wire_column, bool is_json,
                                            const std::optional<core::LogicalType>& wanted) {
  SourceColumn& column = columns_.emplace_back();
  column.wire_column = wire_column;
  column.is_json = is_json;
  column.wanted = wanted;
  column.rule = column_rule(field.facts, is_json, reading_, wanted);
  core::RemoteColumn& described = description_.columns.emplace_back();
  described.name = field.name;
  described.remote_type = column.rule.remote_type;
  described.type = column.rule.type;
  described.form = column.rule.form;
  described.encoding = column.rule.text.encoding;
  return described;
}

bool MysqlSource::read_range(const core::CursorRange& range) {
  const core::RemoteColumn& column = description_.columns[range.column];
  // Text that is declared to be something else than it is can't be compared there.
  if (reading_.encoding && core::is_text_kind(column.type.kind)) return false;
  if (!query_.empty()) {  // as a derived table its columns must have different names
    const std::vector<Field> fields = statement_->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto same = [&](const Field& other) { return same_column(other.name, fields[i].name); };
      if (std::any_of(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(i), same)) return false;
    }
    try {  // SHOW and the like can't be one at all
      Statement(session_, "SELECT * FROM (\n" + query_ + "\n) AS q", Phase::describe, summary_);
    } catch (const core::Error&) {
      if (!session_.usable()) throw;
      return false;
    }
  }
  const auto order = cursor_order(quote_identifier(column.name), column.type);
  const auto literal = range.from ? cursor_literal(column.type, *range.from) : std::optional<std::string>("");
  if (!order || !literal) return false;
  order_ = " ORDER BY " + *order;
  if (range.from) range_ = " WHERE " + *order + " >= " + *literal;
  return true;
}

std::optional<std::string> MysqlSource::change_mark() {
  return table_.empty() ? std::nullopt : read_change_mark(session_, schema_name_, table_name_);
}

void MysqlSource::open(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit) {
  if (!table_.empty()) {
    std::string list;
    for (const std::size_t index : selected) {
      list += (list.empty() ? "" : ", ") + quote_identifier(description_.columns[index].name);
    }
    std::string sql = "SELECT " + (list.empty() ? "NULL" : list) + " FROM " + table_ + range_;
    if (row_limit) sql += order_ + " LIMIT " + std::to_string(*row_limit);
    statement_ = std::make_unique<Statement>(session_, sql, Phase::execute, summary_);
  } else if (!order_.empty()) {
    // The line breaks end a comment that the query may end with.
    std::string sql = "SELECT * FROM (\n" + query_ + "\n) AS q" + range_;
    if (row_limit) sql += order_ + " LIMIT " + std::to_string(*row_limit);
    statement_ = std::make_unique<Statement>(session_, sql, Phase::execute, summary_);
  }
  statement_->execute(summary_);
  decoder_ = std::make_unique<RowDecoder>(wire_columns(selected), selected.size(), zero_dates_);
}

/// How the rows are read. A table's statement was prepared again since it was described.
std::vector<WireColumn> MysqlSource::wire_columns(const std::vector<std::size_t>& selected) const {
  const std::vector<Field> fields = statement_->fields();
  std::vector<WireColumn> wire(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    wire[i].decode = column_rule(fields[i].facts, false, reading_, std::nullopt).decode;
  }
  for (std::size_t i = 0; i < selected.size(); ++i) {
    const SourceColumn& column = columns_[selected[i]];
    const std::size_t at = table_.empty() ? column.wire_column : i;
    if (at >= fields.size()) throw changed_error();
    const ColumnRule rule = column_rule(fields[at].facts, column.is_json, reading_, column.wanted);
    if (!can_store(column.rule, rule)) throw changed_error();
    wire[at] = {
        .decode = rule.decode, .target = i, .scale = rule.type.scale, .bits = rule.type.length, .wide = rule.text.wide};
    if (rule.decode != column.rule.decode || rule.type.kind != column.rule.type.kind) {
      wire[at].integer_kind = column.rule.type.kind;
    }
  }
  return wire;
}

core::Error MysqlSource::changed_error() const {
  return core::remote_error({.provider = "mysql",
                             .phase = Phase::execute,
                             .number = ErrorNumber::cannot_read,
                             .summary = summary_,
                             .remote_message = "its columns have changed since it was described",
                             .hint = "Try again."});
}

bool MysqlSource::fetch(core::RowBatch& batch) {
  bool more = true;
  session_.call(
      [&] {
        while (more && !batch.full()) {
          const std::span<const unsigned char> row = statement_->next_row();
          more = !row.empty();
          if (more) decoder_->decode(row, batch);
        }
      },
      Session::any_bytes);
  return more;
}

std::span<const std::uint64_t> MysqlSource::zero_date_counts() const {
  return decoder_ ? decoder_->zero_date_counts() : std::span<const std::uint64_t>();
}

}  // namespace connector::mysql
