#include "load/ranges/local_sums.hpp"

#include "core/base/list_text.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_attribute.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "tcop/dest.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"
}

namespace connector::load {

namespace {

/// Seeds of the two hashes of a row: any two that differ.
constexpr std::uint64_t first_seed = 0x636f6e6e65637431;
constexpr std::uint64_t second_seed = 0x636f6e6e65637432;

/// Of longer values the hashes stand for them in the row: all of a row's values together may be more than a buffer
/// holds.
constexpr std::uint64_t longest_whole_value = 64 * 1024;

struct Sum {
  std::uint64_t rows;
  core::WideSum first;
  core::WideSum second;
};

/// All is plain: PostgreSQL calls back from its executor, whose errors jump past destructors.
struct Summing {
  DestReceiver receiver;  ///< first, as PostgreSQL gives back a pointer to this one
  Oid key_type;
  int column_count;
  FmgrInfo* compare;  ///< of the type cache, which keeps it
  Oid collation;
  const Datum* bounds;
  int bound_count;
  Sum* sums;  ///< bound_count + 2
  int range;  ///< of the row before: most tables lie in their key's order
  StringInfoData row;
  MemoryContext context;  ///< for the values of one row
};

bool is_below(const Summing& summing, Datum key, int bound) {
  return DatumGetInt32(FunctionCall2Coll(summing.compare, summing.collation, key, summing.bounds[bound])) < 0;
}

/// Range i lies from bound i - 1 on, below bound i.
int range_of(const Summing& summing, Datum key) {
  const int before = summing.range;
  if ((before == summing.bound_count || is_below(summing, key, before)) &&
      (before == 0 || !is_below(summing, key, before - 1))) {
    return before;
  }
  int low = 0;
  int high = summing.bound_count;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (is_below(summing, key, middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/// The value's length and bytes. With those of all columns one after the other no two rows are alike.
void append_value(StringInfo row, Datum value, const FormData_pg_attribute* attribute) {
  const char* bytes = nullptr;
  std::uint64_t length = 0;
  if (attribute->attbyval) {
    bytes = reinterpret_cast<const char*>(&value);
    length = sizeof(value);
  } else if (attribute->attlen == -1) {
    varlena* plain = PG_DETOAST_DATUM_PACKED(value);
    bytes = VARDATA_ANY(plain);
    length = VARSIZE_ANY_EXHDR(plain);
  } else if (attribute->attlen == -2) {
    bytes = DatumGetCString(value);
    length = strlen(bytes);
  } else {
    bytes = static_cast<const char*>(DatumGetPointer(value));
    length = attribute->attlen;
  }
  appendBinaryStringInfo(row, reinterpret_cast<const char*>(&length), sizeof(length));
  if (length <= longest_whole_value) {
    appendBinaryStringInfo(row, bytes, static_cast<int>(length));
    return;
  }
  for (const std::uint64_t seed : {first_seed, second_seed}) {
    const std::uint64_t hash =
        hash_bytes_extended(reinterpret_cast<const unsigned char*>(bytes), static_cast<int>(length), seed);
    appendBinaryStringInfo(row, reinterpret_cast<const char*>(&hash), sizeof(hash));
  }
}

/// The statement is analyzed anew, and code of the table's may have changed a column's type since the run began.
void check_columns(DestReceiver* receiver, int, TupleDesc columns) {
  const Summing& summing = *reinterpret_cast<const Summing*>(receiver);
  if (columns->natts != summing.column_count || TupleDescAttr(columns, 0)->atttypid != summing.key_type) {
    elog(ERROR, "the table was altered while it was compared");
  }
}

bool receive(TupleTableSlot* slot, DestReceiver* receiver) {
  Summing& summing = *reinterpret_cast<Summing*>(receiver);
  slot_getallattrs(slot);
  const TupleDesc columns = slot->tts_tupleDescriptor;
  resetStringInfo(&summing.row);
  const MemoryContext old = MemoryContextSwitchTo(summing.context);
  int range = summing.bound_count + 1;
  if (!slot->tts_isnull[0]) range = summing.range = range_of(summing, slot->tts_values[0]);
  for (int i = 1; i < columns->natts; ++i) {
    appendStringInfoChar(&summing.row, slot->tts_isnull[i] ? '\1' : '\0');
    if (!slot->tts_isnull[i]) append_value(&summing.row, slot->tts_values[i], TupleDescAttr(columns, i));
  }
  MemoryContextSwitchTo(old);
  MemoryContextReset(summing.context);
  const auto* bytes = reinterpret_cast<const unsigned char*>(summing.row.data);
  Sum& sum = summing.sums[range];
  ++sum.rows;
  sum.first += hash_bytes_extended(bytes, summing.row.len, first_seed);
  sum.second += hash_bytes_extended(bytes, summing.row.len, second_seed);
  return true;
}

}  // namespace

std::vector<core::RangeSum> sum_local_ranges(const RefreshTarget& target, const RangeKey& key,
                                             const std::vector<std::string>& columns,
                                             const std::vector<std::string>& bounds, const std::string& scope,
                                             pg::Sees sees) {
  const std::string sql = "SELECT " + key.ordered("t") + ", " + core::joined(columns, ", ", "t.") + " FROM " +
                          target.sql_only() + " AS t" + (scope.empty() ? "" : " WHERE " + scope);
  std::vector<std::string> texts;
  for (const std::string& bound : bounds) texts.push_back(pg::exact_server_text(bound));
  std::vector<Datum> values(bounds.size());
  std::vector<Sum> sums(bounds.size() + 2);
  Summing summing{};
  summing.receiver.receiveSlot = receive;
  summing.receiver.rStartup = check_columns;
  summing.receiver.rShutdown = [](DestReceiver*) {};
  summing.receiver.rDestroy = [](DestReceiver*) {};
  summing.receiver.mydest = DestNone;
  summing.key_type = key.type();
  summing.column_count = static_cast<int>(columns.size()) + 1;
  summing.collation = key.collation();
  summing.bounds = values.data();
  summing.bound_count = static_cast<int>(bounds.size());
  summing.sums = sums.data();
  pg::with_fixed_formats([&] {
    pg::guard([&] {
      summing.compare = &lookup_type_cache(key.type(), TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo;
      Oid input = InvalidOid;
      Oid parameter = InvalidOid;
      getTypeInputInfo(key.type(), &input, &parameter);
      for (std::size_t i = 0; i < texts.size(); ++i) {
        values[i] = OidInputFunctionCall(input, texts[i].data(), parameter, -1);
      }
      initStringInfo(&summing.row);
      summing.context = AllocSetContextCreate(CurrentMemoryContext, "connector local sums", ALLOCSET_DEFAULT_SIZES);
    });
  });
  pg::query_into(sql, summing.receiver, sees);
  pg::guard([&] {
    MemoryContextDelete(summing.context);
    pfree(summing.row.data);
  });
  std::vector<core::RangeSum> result;
  for (const Sum& sum : sums) {
    result.push_back({sum.rows, sum.rows == 0 ? "" : core::wide_text(sum.first) + " " + core::wide_text(sum.second)});
  }
  return result;
}

}  // namespace connector::load
