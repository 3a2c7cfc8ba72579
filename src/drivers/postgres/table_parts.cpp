#include "drivers/postgres/table_parts.hpp"

#include <string_view>

#include "core/base/utf8.hpp"
#include "drivers/postgres/catalog_rows.hpp"

namespace connector::postgres {

namespace {

/// A limit against a server that never stops.
constexpr std::size_t max_rows = 65536;

void check_count(const std::vector<TextRow>& rows) {
  if (rows.size() > max_rows)
    throw_malformed("the server sent more rows than it was asked for", looking_up.phase, looking_up.summary);
}

/// Bits of pg_index.indoption.
constexpr int option_descending = 1;
constexpr int option_nulls_first = 2;

/// Columns of index_query().
namespace index_column {
enum : std::size_t {
  name,
  method,
  unique,
  nulls_equal,
  partial,
  exclusion,
  deferrable,
  number,
  options,
  included,
  operator_class,
  other_collation
};
}

std::string left_out_reason(const TextRow& row) {
  if (!core::index_method_words.find(text(row, index_column::method)))
    return "its method is " + core::quoted(text(row, index_column::method));
  if (is_true(row, index_column::exclusion)) return "it is that of an exclusion constraint";
  if (is_true(row, index_column::partial)) return "it is on some of the rows only";
  if (is_true(row, index_column::deferrable)) return "its constraint is deferrable";
  if (number<int>(row, index_column::number).value_or(0) <= 0) return "it is on an expression";
  const std::string operator_class = text(row, index_column::operator_class);
  if (!operator_class.empty()) return "its operator class is " + core::quoted(operator_class);
  if (is_true(row, index_column::other_collation)) return "it has a collation of its own";
  return {};
}

/// Columns of foreign_key_query().
namespace key_column {
enum : std::size_t {
  name,
  on_delete,
  on_update,
  match,
  deferrable,
  deferred,
  validated,
  chosen_columns,
  enforced,
  period,
  schema,
  table,
  number,
  referenced
};
}

core::ForeignKeyAction action_of(const std::string& code) {
  if (code == "r") return core::ForeignKeyAction::restricted;
  if (code == "c") return core::ForeignKeyAction::cascade;
  if (code == "n") return core::ForeignKeyAction::set_null;
  if (code == "d") return core::ForeignKeyAction::set_default;
  return core::ForeignKeyAction::no_action;
}

std::string key_left_out_reason(const TextRow& row) {
  if (text(row, key_column::match) == "p") return "it is MATCH PARTIAL";
  if (!is_true(row, key_column::validated)) return "it was never validated";
  if (is_true(row, key_column::chosen_columns)) return "it sets some of its columns only";
  if (!is_true(row, key_column::enforced)) return "it is not enforced";
  if (is_true(row, key_column::period)) return "it is on periods";
  return {};
}

}  // namespace

std::string index_query(const Session& session, const std::string& oid) {
  const int version = session.version();
  const std::string nulls_equal = version >= 150000 ? "i.indnullsnotdistinct" : "false";
  const std::string included = version >= 110000 ? "i.position >= i.indnkeyatts" : "false";
  // Of the default operator classes it must be the one that the column's type gets by itself.
  return "SELECT x.relname, m.amname, i.indisunique, " + nulls_equal +
         ", i.indpred IS NOT NULL, i.indisexclusion, NOT i.indimmediate, i.indkey[i.position], "
         "i.indoption[i.position], " +
         included +
         ", CASE WHEN NOT o.opcdefault OR EXISTS (SELECT 1 FROM pg_opclass own WHERE own.opcmethod = o.opcmethod AND "
         "own.opcdefault AND own.opcintype = a.atttypid AND own.oid <> o.oid) THEN o.opcname END, "
         "i.indcollation[i.position] NOT IN (0, a.attcollation) "
         "FROM (SELECT s.*, generate_series(0, s.indnatts - 1) AS position FROM pg_index s WHERE s.indrelid = " +
         oid +
         " AND NOT s.indisprimary AND s.indisvalid) i JOIN pg_class x ON x.oid = i.indexrelid "
         "JOIN pg_am m ON m.oid = x.relam LEFT JOIN pg_opclass o ON o.oid = i.indclass[i.position] "
         "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.position] "
         "ORDER BY x.relname, i.position";
}

std::string foreign_key_query(const Session& session, const std::string& oid) {
  const int version = session.version();
  const std::string no_copies = version >= 110000 ? " AND s.conparentid = 0" : "";
  const std::string chosen_columns = version >= 150000 ? "k.confdelsetcols IS NOT NULL" : "false";
  const std::string enforced = version >= 180000 ? "k.conenforced" : "true";
  const std::string period = version >= 180000 ? "k.conperiod" : "false";
  return "SELECT k.conname, k.confdeltype, k.confupdtype, k.confmatchtype, k.condeferrable, k.condeferred, "
         "k.convalidated, " +
         chosen_columns + ", " + enforced + ", " + period +
         ", CASE WHEN r.relnamespace <> c.relnamespace THEN n.nspname END, r.relname, k.conkey[k.position], ra.attname "
         "FROM (SELECT s.*, generate_subscripts(s.conkey, 1) AS position FROM pg_constraint s WHERE s.conrelid = " +
         oid + " AND s.contype = 'f'" + no_copies +
         ") k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid "
         "JOIN pg_namespace n ON n.oid = r.relnamespace JOIN pg_attribute ra ON ra.attrelid = k.confrelid "
         "AND ra.attnum = k.confkey[k.position] ORDER BY k.conname, k.position";
}

std::vector<CatalogIndex> read_indexes(const std::vector<TextRow>& rows) {
  check_count(rows);
  std::vector<CatalogIndex> indexes;
  for (const TextRow& row : rows) {
    const std::string name = text(row, index_column::name);
    if (indexes.empty() || indexes.back().index.name != name) {
      core::RemoteIndex& index = indexes.emplace_back().index;
      index.name = name;
      index.method = core::index_method_words.find(text(row, index_column::method)).value_or(core::IndexMethod::btree);
      index.unique = is_true(row, index_column::unique);
      index.nulls_equal = is_true(row, index_column::nulls_equal);
    }
    CatalogIndex& known = indexes.back();
    if (known.index.left_out_reason.empty()) known.index.left_out_reason = left_out_reason(row);
    const int column = number<int>(row, index_column::number).value_or(0);
    const int options = number<int>(row, index_column::options).value_or(0);
    if (is_true(row, index_column::included)) {
      known.included.push_back(column);
    } else {
      known.columns.push_back({column, (options & option_descending) != 0, (options & option_nulls_first) != 0});
    }
  }
  return indexes;
}

std::vector<CatalogForeignKey> read_foreign_keys(const std::vector<TextRow>& rows) {
  check_count(rows);
  std::vector<CatalogForeignKey> keys;
  for (const TextRow& row : rows) {
    const std::string name = text(row, key_column::name);
    if (keys.empty() || keys.back().key.name != name) {
      core::RemoteForeignKey& key = keys.emplace_back().key;
      key.name = name;
      key.schema = text(row, key_column::schema);
      key.table = text(row, key_column::table);
      key.on_delete = action_of(text(row, key_column::on_delete));
      key.on_update = action_of(text(row, key_column::on_update));
      key.match_full = text(row, key_column::match) == "f";
      key.deferrable = is_true(row, key_column::deferrable);
      key.initially_deferred = is_true(row, key_column::deferred);
      key.left_out_reason = key_left_out_reason(row);
    }
    keys.back().columns.push_back(number<int>(row, key_column::number).value_or(0));
    keys.back().key.referenced_columns.push_back(text(row, key_column::referenced));
  }
  return keys;
}

}  // namespace connector::postgres
