#include "load/ranges/range_key.hpp"

#include "core/base/list_text.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
}

namespace connector::load {

namespace {

bool is_text(Oid type) {
  return type == TEXTOID || type == VARCHAROID;
}

std::string quoted_literal(const std::string& text) {
  return pg::guard([&] { return quote_literal_cstr(text.c_str()); });
}

}  // namespace

bool RangeKey::can_be(const PlannedColumn& column, const RefreshTarget& target) {
  const TargetColumn* local = target.find(pg::exact_server_text(column.name));
  if (local == nullptr || local->type != column.target.oid || !(column.natural == column.target)) return false;
  switch (column.target.oid) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case NUMERICOID:
    case DATEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case UUIDOID:
      return true;
    case TEXTOID:
    case VARCHAROID:  // the remote compares the bytes in UTF-8
      return GetDatabaseEncoding() == PG_UTF8;
    default:
      return false;
  }
}

RangeKey::RangeKey(const PlannedColumn& column)
    : name_(pg::quote_name(pg::exact_server_text(column.name))),
      remote_(column.remote),
      type_(column.target.oid),
      collation_(is_text(type_) ? C_COLLATION_OID : InvalidOid),
      type_sql_(pg::guard([&] { return format_type_extended(type_, -1, FORMAT_TYPE_FORCE_QUALIFY); })) {}

std::string RangeKey::ordered(const std::string& alias) const {
  const std::string column = alias + "." + name_;
  return is_text(type_) ? column + " COLLATE pg_catalog.\"C\"" : column;
}

std::string RangeKey::literal(const std::string& bound) const {
  return quoted_literal(pg::exact_server_text(bound)) + "::" + type_sql_;
}

std::string RangeKey::scope(const std::vector<std::string>& bounds, const std::vector<RangeBlock>& blocks,
                            bool nulls) const {
  std::string any;
  for (const RangeBlock& block : blocks) {
    std::string both;
    if (block.first > 0) {
      core::add_item(both, ordered("t") + " OPERATOR(pg_catalog.>=) " + literal(bounds[block.first - 1]), " AND ");
    }
    if (block.first + block.count <= bounds.size()) {
      core::add_item(both, ordered("t") + " OPERATOR(pg_catalog.<) " + literal(bounds[block.first + block.count - 1]),
                     " AND ");
    }
    if (both.empty()) both = "t." + name_ + " IS NOT NULL";
    core::add_item(any, both, " OR ");
  }
  if (nulls) core::add_item(any, "t." + name_ + " IS NULL", " OR ");
  return any.empty() ? "false" : "(" + any + ")";
}

std::optional<core::Expression> RangeKey::condition(const std::vector<std::string>& bounds,
                                                    const RangeBlock& block) const {
  std::vector<core::Expression> both;
  if (block.first > 0) {
    both.push_back(core::Expression::comparison(remote_, core::Operator::greater_or_equal, bounds[block.first - 1]));
  }
  if (block.first + block.count <= bounds.size()) {
    both.push_back(core::Expression::comparison(remote_, core::Operator::less, bounds[block.first + block.count - 1]));
  }
  if (both.empty()) return std::nullopt;
  return core::Expression::all_of(std::move(both));
}

std::vector<std::string> keys_at_distance(const RefreshTarget& target, const RangeKey& key, const std::string& scope,
                                          std::uint64_t step) {
  const std::string ordered = key.ordered("t");
  std::string where = "t." + key.name() + " IS NOT NULL";
  if (!scope.empty()) where += " AND " + scope;
  // A key column may have the same value in many rows: those before the first of them are counted.
  const std::string sql = "SELECT k.k::pg_catalog.text FROM (SELECT t." + key.name() + " AS k, " + ordered +
                          " AS o, pg_catalog.row_number() OVER (ORDER BY " + ordered + ") AS n FROM " +
                          target.sql_only() + " AS t WHERE " + where +
                          ") AS k WHERE k.n OPERATOR(pg_catalog.>) 1::pg_catalog.int8 AND (k.n OPERATOR(pg_catalog.-) "
                          "1::pg_catalog.int8) OPERATOR(pg_catalog.%) " +
                          std::to_string(step) +
                          "::pg_catalog.int8 OPERATOR(pg_catalog.=) 0::pg_catalog.int8 ORDER BY k.n";
  const std::string first_sql = "SELECT (SELECT t." + key.name() + " FROM " + target.sql_only() + " AS t WHERE " +
                                where + " ORDER BY " + ordered + " LIMIT 1)::pg_catalog.text";
  return pg::with_fixed_formats([&] {
    std::vector<std::string> keys;
    std::string before = pg::query(first_sql).at(0).at(0).value_or("");
    for (const auto& row : pg::query(sql)) {
      if (*row[0] == before) continue;
      before = *row[0];
      keys.push_back(pg::utf8_text(before));
    }
    return keys;
  });
}

}  // namespace connector::load
