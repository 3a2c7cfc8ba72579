#include "fdw/table/import_schema.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/names.hpp"
#include "core/request/request_reader.hpp"
#include "fdw/connect/connections.hpp"
#include "fdw/table/create_statement.hpp"
#include "fdw/table/imported_comments.hpp"
#include "fdw/table/options.hpp"
#include "load/read/local_type.hpp"
#include "load/table/kept_parts.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/heap.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
}

namespace connector::fdw {

namespace {

/// What the statement's OPTIONS ask for.
struct ImportOptions {
  bool import_default = false;
  bool import_not_null = true;
  bool import_views = true;
  bool import_comments = true;
};

struct ImportOption {
  std::string_view name;
  /// Null: it is checked, as it may stand in statements that were written for postgres_fdw, and has no effect.
  bool ImportOptions::*value;
};
constexpr ImportOption import_options[] = {{"import_collate", nullptr},
                                           {"import_comments", &ImportOptions::import_comments},
                                           {"import_default", &ImportOptions::import_default},
                                           {"import_generated", nullptr},
                                           {"import_not_null", &ImportOptions::import_not_null},
                                           {"import_views", &ImportOptions::import_views}};

ImportOptions read_options(const List* list) {
  ImportOptions options;
  core::Problems problems;
  std::vector<std::string_view> known;
  for (const ImportOption& option : import_options) known.push_back(option.name);
  for (int i = 0; i < list_length(list); ++i) {
    auto* element = static_cast<DefElem*>(list_nth(list, i));
    const auto* found = std::ranges::find(import_options, std::string_view(element->defname), &ImportOption::name);
    if (found != std::end(import_options)) {
      const bool value = pg::guard([=] { return defGetBoolean(element); });
      if (found->value != nullptr) options.*found->value = value;
      continue;
    }
    const std::string name = pg::utf8_text(element->defname);
    const auto near = core::nearest_name(name, known);
    problems.add(name, "There is no option " + core::quoted(name) +
                           (near ? "; did you mean \"" + std::string(*near) + "\"?" : "."));
  }
  problems.throw_if_any("invalid options of IMPORT FOREIGN SCHEMA", "Options here are: " + core::joined(known) + ".");
  return options;
}

/// The tables that LIMIT TO or EXCEPT name, UTF-8, by their local names.
std::set<std::string> listed_tables(const ImportForeignSchemaStmt& statement) {
  std::set<std::string> names;
  for (int i = 0; i < list_length(statement.table_list); ++i) {
    names.insert(pg::utf8_text(static_cast<const RangeVar*>(list_nth(statement.table_list, i))->relname));
  }
  return names;
}

/// As PostgreSQL cuts the names that statements have.
std::string local_name(std::string_view remote_name) {
  return std::string(core::truncate_utf8(remote_name, core::max_name_bytes));
}

/// Why the text can't be in this database; nothing if it can.
std::optional<std::string> encoding_problem(const std::string& text) {
  try {
    pg::exact_server_text(text);
  } catch (const core::Error& error) {
    return error.message();
  }
  return std::nullopt;
}

class SchemaImport {
 public:
  SchemaImport(const ImportForeignSchemaStmt& statement, Oid server)
      : statement_(statement),
        options_(read_options(statement.options)),
        listed_(listed_tables(statement)),
        remote_schema_(pg::utf8_text(statement.remote_schema)),
        server_oid_(server),
        server_(pg::guard([=] { return GetForeignServer(server)->servername; })) {}

  List* run() {
    const std::unique_ptr<Lease> leased = lease(server_oid_, GetUserId());
    leased->connection().describe_schema(
        remote_schema_, {.defaults = options_.import_default},
        [this](const core::RemoteTable& table) { return is_wanted(table); },
        [this](const core::DescribedTable& table) { add_table(table); });
    report_missing();
    return statements_;
  }

 private:
  bool is_wanted(const core::RemoteTable& table) {
    seen_any_ = true;
    const std::string name = local_name(table.name);
    const bool is_listed = listed_.contains(name);
    if (statement_.list_type == FDW_IMPORT_SCHEMA_LIMIT_TO) {
      if (is_listed) found_.insert(name);
      return is_listed && has_wanted_kind(table);
    }
    if (is_listed) return false;  // EXCEPT
    return !table.only_by_name && has_wanted_kind(table);
  }

  bool has_wanted_kind(const core::RemoteTable& table) const { return options_.import_views || table.kind != "view"; }

  void leave_out(const std::string& table, const std::string& reason) {
    pg::warning("table " + core::quoted(table) + " is left out: " + reason);
  }

  void add_table(const core::DescribedTable& described) {
    const core::RemoteTable& remote = described.table;
    if (!described.problem.empty()) return leave_out(remote.name, described.problem);
    const std::string name = local_name(remote.name);
    if (name.empty()) return leave_out(remote.name, "it has no name");
    for (const std::string& text : {remote.name, remote.schema}) {
      if (const auto problem = encoding_problem(text)) return leave_out(remote.name, *problem);
    }
    if (!names_.insert(name).second) {
      return leave_out(remote.name, "names have 63 bytes here, and another table is named " + core::quoted(name));
    }
    NewForeignTable table;
    table.name_sql = pg::quote_name(pg::exact_server_text(name));
    table.server = server_;
    const std::string& schema = remote.schema.empty() ? remote_schema_ : remote.schema;
    table.options = {{std::string(schema_name_option), schema}, {std::string(table_name_option), remote.name}};
    std::vector<NewComment> comments;
    add_comment(comments, 0, described.description.comment, "table " + core::quoted(name));
    add_columns(table, described, comments);
    if (table.columns.empty()) return leave_out(remote.name, "none of its columns can be read");
    if (table.columns.size() > MaxHeapAttributeNumber) {
      return leave_out(remote.name, "it has " + std::to_string(table.columns.size()) +
                                        " columns, and a table here has " + std::to_string(MaxHeapAttributeNumber) +
                                        " at most");
    }
    add_statement(create_statement(table), comments);
  }

  void add_columns(NewForeignTable& table, const core::DescribedTable& described, std::vector<NewComment>& comments) {
    std::vector<std::string> left_out;
    std::set<std::string> names;
    for (const core::RemoteColumn& remote : described.description.columns) {
      const std::string name = local_name(remote.name);
      const std::string reason = column_problem(remote, name, names);
      if (!reason.empty()) {
        left_out.push_back("olumn " + core::quoted(remote.name) + " of type " + remote.remote_type + ": " + reason);
        continue;
      }
      names.insert(name);
      const load::LocalType type = load::local_type(remote.type);
      NewColumn& column = table.columns.emplace_back(NewColumn{name, remote.name, type.sql});
      column.not_null = options_.import_not_null && remote.not_null && !remote.may_become_null;
      if (remote.default_value) {
        std::string problem;
        column.default_sql = default_for(*remote.default_value, type, problem);
        if (!problem.empty()) left_out.push_back("efault of column " + core::quoted(name) + ": " + problem);
      }
      add_comment(comments, static_cast<AttrNumber>(table.columns.size()), remote.comment,
                  "column " + core::quoted(name));
    }
    report_columns(described.table.name, left_out);
  }

  /// Why the column can't be in the foreign table; empty if it can.
  static std::string column_problem(const core::RemoteColumn& remote, const std::string& name,
                                    const std::set<std::string>& names) {
    if (!remote.unsupported_reason.empty()) return remote.unsupported_reason;
    if (name.empty()) return "it has no name";
    if (const auto problem = encoding_problem(remote.name)) return *problem;
    if (names.contains(name)) return "names have 63 bytes here, and another column is named " + core::quoted(name);
    if (pg::guard([&] { return SystemAttributeByName(name.c_str()) != nullptr; })) {
      return "every table of PostgreSQL has a system column of this name; CREATE FOREIGN TABLE can give it another one "
             "with the option column_name";
    }
    return {};
  }

  /// SQL of the default, if it is a value of the type; else what is wrong with it.
  static std::string default_for(const core::ColumnDefault& value, const load::LocalType& type, std::string& problem) {
    std::string sql = load::default_expression(value, type, problem);
    if (sql.empty()) return sql;
    try {
      pg::in_discarded_subtransaction(
          [&] { pg::with_fixed_formats([&] { pg::query("SELECT (" + sql + ")::" + type.sql); }); });
    } catch (const pg::PgError& error) {
      if (error.is_cancel()) throw;
      problem = pg::utf8_text(error.what());
      sql.clear();
    }
    return sql;
  }

  void add_comment(std::vector<NewComment>& comments, AttrNumber column, const std::string& text,
                   const std::string& shown) const {
    if (!options_.import_comments || text.empty()) return;
    if (const auto problem = encoding_problem(text)) {
      return pg::warning("the comment on " + shown + " is left out: " + *problem);
    }
    comments.push_back({column, pg::exact_server_text(text)});
  }

  /// One WARNING, however many there are.
  static void report_columns(const std::string& table, const std::vector<std::string>& left_out) {
    if (left_out.empty()) return;
    if (left_out.size() == 1) {
      const std::string& line = left_out.front();
      const char first = line.starts_with("olumn") ? 'c' : 'd';
      return pg::warning("table " + core::quoted(table) + " lacks " + first + line);
    }
    std::string detail;
    for (const std::string& line : left_out) {
      core::add_item(detail, (line.starts_with("olumn") ? "C" : "D") + line + ".", "\n");
    }
    pg::warning(std::to_string(left_out.size()) + " parts of table " + core::quoted(table) + " are left out", detail);
  }

  void add_statement(const std::string& sql, const std::vector<NewComment>& comments) {
    char* text = pg::guard([&] {
      char* copy = pstrdup(sql.c_str());
      statements_ = lappend(statements_, copy);
      return copy;
    });
    if (!comments.empty()) comment_after(text, comments);
  }

  /// What the statement names and the remote does not have.
  void report_missing() const {
    if (!seen_any_) {
      return pg::warning("schema " + core::quoted(remote_schema_) + " has no table or view that can be seen there", {},
                         "Is the name spelt as it is there, and may the remote account see what is in it?");
    }
    if (statement_.list_type != FDW_IMPORT_SCHEMA_LIMIT_TO) return;
    for (const std::string& name : listed_) {
      if (found_.contains(name)) continue;
      pg::warning("schema " + core::quoted(remote_schema_) + " has no table or view " + core::quoted(name), {},
                  "Names are compared as they are spelt there: quote them here.");
    }
  }

  const ImportForeignSchemaStmt& statement_;
  ImportOptions options_;
  std::set<std::string> listed_;
  std::string remote_schema_;
  Oid server_oid_;
  std::string server_;  ///< in the database's encoding
  bool seen_any_ = false;
  std::set<std::string> found_;  ///< of those that are listed
  std::set<std::string> names_;  ///< local ones
  List* statements_ = NIL;
};

}  // namespace

List* import_foreign_schema(ImportForeignSchemaStmt* statement, Oid server) {
  return pg::enter([=] { return SchemaImport(*statement, server).run(); });
}

}  // namespace connector::fdw
