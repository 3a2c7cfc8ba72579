#include "load/table/kept_parts.hpp"

#include <algorithm>
#include <functional>

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "load/table/target_table.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/relation.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
}

namespace connector::load {

namespace {

using core::ColumnDefault;
using core::RemoteIndex;

/// What of the source is not kept, and why.
class LeftOut {
 public:
  /// `part` is what it is, "index \"a\""; `reason` a phrase without full stop.
  void add(const std::string& part, const std::string& reason) { lines_.push_back(part + " is left out: " + reason); }

  const std::vector<std::string>& lines() const noexcept { return lines_; }

  /// One NOTICE, however many there are.
  void tell() const {
    if (lines_.empty()) return;
    if (lines_.size() == 1) return pg::notice(lines_.front());
    std::string detail;
    for (const std::string& line : lines_) {
      core::add_item(detail, static_cast<char>(line[0] - 'a' + 'A') + line.substr(1) + ".", "\n");
    }
    pg::notice(std::to_string(lines_.size()) + " parts of the source's table are left out", detail);
  }

 private:
  std::vector<std::string> lines_;
};

std::string quoted(const std::string& utf8_name) {
  return pg::quote_name(pg::exact_server_text(utf8_name));
}

/// The failure in words; nothing if it succeeded.
std::optional<std::string> failure_of(const std::function<void()>& work) {
  try {
    pg::in_subtransaction(work);
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) throw;
    std::string words = pg::utf8_text(error.what());
    if (error.fields().detail) words += " (" + pg::utf8_text(*error.fields().detail) + ")";
    return words;
  }
  return std::nullopt;
}

std::optional<std::string> failure_of(const std::string& command) {
  return failure_of([&] { pg::execute(command); });
}

const PlannedColumn* find_column(const LoadPlan& plan, const std::string& remote_name) {
  const auto found = std::ranges::find(plan.columns, remote_name, &PlannedColumn::remote_name);
  return found == plan.columns.end() ? nullptr : &*found;
}

std::string not_here(const std::string& column) {
  return "column " + core::quoted(column) + " is not in the table";
}

/// SQL for the moment of an INSERT as a value of the type; empty if the type has no such value.
std::string current_time(Oid type, bool in_utc) {
  const std::string utc = "pg_catalog.timezone('UTC'::pg_catalog.text, CURRENT_TIMESTAMP)";
  switch (type) {
    case DATEOID:
      return in_utc ? "(" + utc + ")::pg_catalog.date" : "CURRENT_DATE";
    case TIMEOID:
      return in_utc ? "(" + utc + ")::pg_catalog.time" : "LOCALTIME";
    case TIMETZOID:
      return in_utc ? "" : "CURRENT_TIME";
    case TIMESTAMPOID:
      return in_utc ? utc : "LOCALTIMESTAMP";
    case TIMESTAMPTZOID:
      return "CURRENT_TIMESTAMP";
    default:
      return {};
  }
}

std::string random_uuid(Oid type) {
  if (type == UUIDOID) return "pg_catalog.gen_random_uuid()";
  return pg::is_text_type(type) ? "pg_catalog.gen_random_uuid()::pg_catalog.text" : "";
}

/// Empty if nothing here stands for it.
std::string default_sql(const ColumnDefault& value, Oid type) {
  switch (value.kind) {
    case ColumnDefault::Kind::constant:
      // Its type is unknown until the column's input function reads it.
      return pg::quote_text(pg::exact_server_text(value.text));
    case ColumnDefault::Kind::current_time:
      return current_time(type, false);
    case ColumnDefault::Kind::current_utc_time:
      return current_time(type, true);
    case ColumnDefault::Kind::random_uuid:
      return random_uuid(type);
    case ColumnDefault::Kind::other:
      return {};
  }
  return {};
}

constexpr std::size_t longest_shown = 100;

std::string no_equivalent(const ColumnDefault& value) {
  if (value.kind != ColumnDefault::Kind::other) return "the column's type has no such value";
  return "nothing here stands for " + core::shown_text(value.text, longest_shown);
}

void add_default(Oid table, const PlannedColumn& column, const ColumnDefault& value, LeftOut& left_out) {
  const std::string part = "default of column " + core::quoted(column.name);
  std::string reason;
  const std::string sql = default_expression(value, column.target, reason);
  if (sql.empty()) return left_out.add(part, reason);
  const std::optional<std::string> failure = failure_of("ALTER TABLE " + table_name(table).sql() + " ALTER COLUMN " +
                                                        quoted(column.name) + " SET DEFAULT " + sql);
  if (failure) left_out.add(part, *failure);
}

void add_defaults(Oid table, const LoadPlan& plan, const core::SourceDescription& source, LeftOut& left_out) {
  for (const PlannedColumn& column : plan.columns) {
    const std::optional<ColumnDefault>& value = source.columns.at(column.remote).default_value;
    if (value) add_default(table, column, *value, left_out);
  }
}

/// The first of the names that no column here is for.
std::optional<std::string> missing_column(const LoadPlan& plan, const std::vector<std::string>& remote_names) {
  const auto found =
      std::ranges::find_if(remote_names, [&](const std::string& name) { return find_column(plan, name) == nullptr; });
  return found == remote_names.end() ? std::nullopt : std::optional(*found);
}

std::vector<std::string> names_of(const std::vector<RemoteIndex::Column>& columns) {
  std::vector<std::string> names;
  for (const RemoteIndex::Column& column : columns) names.push_back(column.name);
  return names;
}

std::string column_list(const LoadPlan& plan, const std::vector<std::string>& remote_names) {
  std::string list;
  for (const std::string& name : remote_names) core::add_item(list, quoted(find_column(plan, name)->name));
  return list;
}

std::string index_command(const std::string& table, const LoadPlan& plan, const RemoteIndex& index) {
  const bool is_plain = std::ranges::none_of(
      index.columns, [](const RemoteIndex::Column& column) { return column.descending || column.nulls_reversed; });
  const std::string nulls = index.unique && index.nulls_equal ? " NULLS NOT DISTINCT" : "";
  const std::string include = index.included.empty() ? "" : " INCLUDE (" + column_list(plan, index.included) + ")";
  if (index.unique && is_plain) {
    return "ALTER TABLE " + table + " ADD UNIQUE" + nulls + " (" + column_list(plan, names_of(index.columns)) + ")" +
           include;
  }
  std::string key;
  for (const RemoteIndex::Column& column : index.columns) {
    std::string one = quoted(find_column(plan, column.name)->name);
    if (column.descending) one += " DESC";
    if (column.nulls_reversed) one += column.descending ? " NULLS LAST" : " NULLS FIRST";
    core::add_item(key, one);
  }
  return std::string("CREATE ") + (index.unique ? "UNIQUE " : "") + "INDEX ON " + table + " USING " +
         std::string(core::index_method_words.of(index.method)) + " (" + key + ")" + include + nulls;
}

void add_indexes(Oid table, const LoadPlan& plan, const core::SourceDescription& source, LeftOut& left_out) {
  for (const RemoteIndex& index : source.indexes) {
    const std::string part = "index " + core::quoted(index.name);
    if (!index.left_out_reason.empty()) {
      left_out.add(part, index.left_out_reason);
      continue;
    }
    std::optional<std::string> missing = missing_column(plan, names_of(index.columns));
    if (!missing) missing = missing_column(plan, index.included);
    if (missing) {
      left_out.add(part, not_here(*missing));
      continue;
    }
    if (const auto failure = failure_of(index_command(table_name(table).sql(), plan, index))) {
      left_out.add(part, *failure);
    }
  }
}

std::string local_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) core::add_item(list, quoted(name));
  return list;
}

/// As ALTER TABLE will, which looks for it by its name: so that another table can't have come in its place by then.
void lock_table_of(Oid table, Oid owner) {
  const Oid found = pg::guard([=] {
    LockRelationOid(table, ShareRowExclusiveLock);
    return pg::owner_of(table);
  });
  if (found != owner) throw core::Error(core::ErrorNumber::cannot_load, "the table belongs to another role now");
}

}  // namespace

std::string default_expression(const ColumnDefault& value, const LocalType& type, std::string& left_out) {
  std::string sql;
  try {
    sql = default_sql(value, type.oid);
    if (sql.empty()) left_out = no_equivalent(value);
  } catch (const core::Error& error) {
    // A character that the database's encoding lacks.
    left_out = error.message();
  }
  return sql;
}

std::vector<std::string> add_kept_parts(Oid table, const LoadPlan& plan, const core::SourceDescription& source) {
  LeftOut left_out;
  // Constants come as PostgreSQL prints them by default.
  pg::with_fixed_formats([&] { add_defaults(table, plan, source, left_out); });
  with_key_memory([&] { add_indexes(table, plan, source, left_out); });
  left_out.tell();
  return left_out.lines();
}

std::vector<PlannedForeignKey> plan_foreign_keys(const LoadPlan& plan, const core::SourceDescription& source,
                                                 std::vector<std::string>& left_out) {
  LeftOut others;
  std::vector<PlannedForeignKey> keys;
  for (const core::RemoteForeignKey& key : source.foreign_keys) {
    const std::string part = "foreign key " + core::quoted(key.name);
    if (!key.left_out_reason.empty()) {
      others.add(part, key.left_out_reason);
    } else if (const auto missing = missing_column(plan, key.columns)) {
      others.add(part, not_here(*missing));
    } else {
      PlannedForeignKey& planned = keys.emplace_back();
      planned.key = key;
      for (const std::string& name : key.columns) planned.columns.push_back(find_column(plan, name)->name);
    }
  }
  others.tell();
  left_out.insert(left_out.end(), others.lines().begin(), others.lines().end());
  return keys;
}

std::optional<std::string> add_foreign_key(Oid table, std::optional<Oid> owner, const PlannedForeignKey& key,
                                           Oid referenced, const std::vector<std::string>& referenced_columns) {
  if (owner) {
    if (auto failure = failure_of([&] { lock_table_of(table, *owner); })) return failure;
  }
  std::string command = "ALTER TABLE " + table_name(table).sql() + " ADD FOREIGN KEY (" + local_list(key.columns) +
                        ") REFERENCES " + table_name(referenced).sql() + " (" + local_list(referenced_columns) + ")";
  if (key.key.match_full) command += " MATCH FULL";
  const auto add_action = [&](const char* event, core::ForeignKeyAction action) {
    command += event + std::string(core::foreign_key_action_words.of(action));
  };
  add_action(" ON UPDATE ", key.key.on_update);
  add_action(" ON DELETE ", key.key.on_delete);
  if (key.key.deferrable) command += " DEFERRABLE";
  if (key.key.initially_deferred) command += " INITIALLY DEFERRED";
  return failure_of(command);
}

}  // namespace connector::load
