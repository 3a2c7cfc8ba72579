#include "pg/row_set.hpp"

#include <algorithm>
#include <vector>

#include "pg/guard.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/memutils.h"
}

namespace connector::pg {

Datum return_rows(FunctionCallInfo fcinfo, const SqlRows& rows) {
  std::size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  std::vector<char*> values(columns);
  guard([&] {
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    AttInMetadata* input = TupleDescGetAttInMetadata(result->setDesc);
    const MemoryContext of_one_row =
        AllocSetContextCreate(CurrentMemoryContext, "connector row", ALLOCSET_DEFAULT_SIZES);
    for (const auto& row : rows) {
      if (row.size() != static_cast<std::size_t>(result->setDesc->natts)) elog(ERROR, "wrong number of columns");
      std::ranges::transform(row, values.begin(), [](const std::optional<std::string>& value) {
        return value ? const_cast<char*>(value->c_str()) : nullptr;
      });
      const MemoryContext outer = MemoryContextSwitchTo(of_one_row);
      tuplestore_puttuple(result->setResult, BuildTupleFromCStrings(input, values.data()));
      MemoryContextSwitchTo(outer);
      MemoryContextReset(of_one_row);
    }
    MemoryContextDelete(of_one_row);
  });
  return Datum{0};
}

}  // namespace connector::pg
