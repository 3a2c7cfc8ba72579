#include "load/merge/row_comparison.hpp"

#include <algorithm>
#include <cmath>

#include "pg/guard.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"
}

namespace connector::load {

namespace {

FmgrInfo* comparator_of(Oid type) {
  return pg::guard([&] {
    TypeCacheEntry* entry = lookup_type_cache(getBaseType(type), TYPECACHE_CMP_PROC_FINFO);
    return OidIsValid(entry->cmp_proc) ? &entry->cmp_proc_finfo : nullptr;
  });
}

/// What a value that is passed by value is when it is read from a table, whatever stands in the bits beyond its length:
/// an oid above 2,147,483,647 is read as a negative number.
Datum as_read(Datum value, int16 length) {
  switch (length) {
    case sizeof(char):
      return CharGetDatum(DatumGetChar(value));
    case sizeof(int16):
      return Int16GetDatum(DatumGetInt16(value));
    case sizeof(int32):
      return Int32GetDatum(DatumGetInt32(value));
    default:
      return value;
  }
}

bool same_image(const RowComparison::Column& column, Datum left, Datum right) {
  if (column.by_value) return as_read(left, column.length) == as_read(right, column.length);
  return datum_image_eq(left, right, false, column.length);
}

bool same_value(const RowComparison::Column& column, Datum left, Datum right) {
  if (same_image(column, left, right)) return true;
  switch (column.type) {
    case NUMERICOID:
      if (numeric_is_nan(DatumGetNumeric(left))) return numeric_is_nan(DatumGetNumeric(right));
      if (numeric_is_inf(DatumGetNumeric(left)) || numeric_is_inf(DatumGetNumeric(right))) return false;
      return DatumGetBool(DirectFunctionCall2(numeric_eq, left, right)) &&
             DatumGetInt32(DirectFunctionCall1(numeric_scale, left)) ==
                 DatumGetInt32(DirectFunctionCall1(numeric_scale, right));
    case FLOAT4OID:
      return std::isnan(DatumGetFloat4(left)) && std::isnan(DatumGetFloat4(right));
    case FLOAT8OID:
      return std::isnan(DatumGetFloat8(left)) && std::isnan(DatumGetFloat8(right));
    default:
      return false;
  }
}

}  // namespace

bool have_order(const Staging& staging, const std::vector<std::size_t>& columns) {
  return std::ranges::all_of(
      columns, [&](std::size_t column) { return comparator_of(staging.columns()[column].type) != nullptr; });
}

RowComparison::RowComparison(const Staging& staging, const std::vector<std::size_t>& key) {
  for (const StagedColumn& column : staging.columns()) {
    Column compared{column.type, false, 0};
    pg::guard([&] { get_typlenbyval(column.type, &compared.length, &compared.by_value); });
    columns_.push_back(compared);
  }
  for (const std::size_t index : key) {
    const StagedColumn& column = staging.columns()[index];
    key_.push_back({static_cast<int>(index), column.collation, comparator_of(column.type)});
  }
}

int RowComparison::compare_values(const KeyColumn& key, Datum left, Datum right) {
  return DatumGetInt32(FunctionCall2Coll(key.compare, key.collation, left, right));
}

int RowComparison::compare_keys(const RowValues& left, const RowValues& right) const {
  for (const KeyColumn& key : key_) {
    const bool left_null = left.nulls[key.column];
    const bool right_null = right.nulls[key.column];
    if (left_null || right_null) {
      if (left_null != right_null) return left_null ? 1 : -1;
      continue;
    }
    const int order = compare_values(key, left.values[key.column], right.values[key.column]);
    if (order != 0) return order;
  }
  return 0;
}

bool RowComparison::same_row(const RowValues& left, const RowValues& right) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (left.nulls[i] != right.nulls[i]) return false;
    if (!left.nulls[i] && !same_value(columns_[i], left.values[i], right.values[i])) return false;
  }
  return true;
}

}  // namespace connector::load
