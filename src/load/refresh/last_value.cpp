#include "load/refresh/last_value.hpp"

#include "load/refresh/cursor.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace connector::load {

bool LastValue::can_follow(const PlannedColumn& cursor) noexcept {
  return !pg::is_text_type(cursor.target.oid) || pg::database_is_utf8();
}

LastValue::LastValue(const LoadPlan& plan, std::size_t column)
    : cursor_(plan.columns[column]),
      column_(column),
      memory_(CurrentMemoryContext),
      // Positions of text are ordered by the bytes of UTF-8.
      collation_(pg::is_text_type(cursor_.target.oid) ? C_COLLATION_OID : InvalidOid) {
  pg::guard([this] {
    const Oid type = cursor_.target.oid;
    const TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_CMP_PROC);
    fmgr_info_cxt(entry->cmp_proc, &compare_, memory_);
    get_typlenbyval(type, &length_, &by_value_);
  });
}

void LastValue::note(core::RowBatch& batch) {
  pg::guard([&] { note_guarded(batch.values(column_).data(), batch.nulls(column_).data(), batch.rows()); });
}

void LastValue::note_guarded(const std::uint64_t* values, const bool* nulls, std::size_t rows) {
  Datum largest = last_;
  bool found = found_;
  for (std::size_t row = 0; row < rows; ++row) {
    if (nulls[row]) continue;
    if (found && DatumGetInt32(FunctionCall2Coll(&compare_, collation_, values[row], largest)) <= 0) continue;
    largest = values[row];
    found = true;
  }
  if (!found || (found_ && largest == last_)) return;
  const MemoryContext outer = MemoryContextSwitchTo(memory_);
  const Datum copy = datumCopy(largest, by_value_, length_);
  MemoryContextSwitchTo(outer);
  if (found_ && !by_value_) pfree(DatumGetPointer(last_));
  last_ = copy;
  found_ = true;
}

std::optional<std::string> LastValue::position() const {
  if (!found_) return std::nullopt;
  return position_of(cursor_, last_);
}

}  // namespace connector::load
