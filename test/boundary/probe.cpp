#include "probe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
}

namespace boundary {

Mark::~Mark() {
  ++destroyed;
  if (path_.empty()) return;
  const int file = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = write(file, "destroyed\n", 10);
  close(file);
}

BackendState BackendState::now() {
  return {PG_exception_stack,
          error_context_stack,
          CurrentMemoryContext,
          CurrentResourceOwner,
          InterruptHoldoffCount,
          QueryCancelHoldoffCount,
          GetCurrentTransactionNestLevel()};
}

std::string argument(FunctionCallInfo fcinfo, int number) {
  if (PG_ARGISNULL(number)) return {};
  const Datum datum = PG_GETARG_DATUM(number);
  const struct varlena* value = connector::pg::guard([datum] { return PG_DETOAST_DATUM_PACKED(datum); });
  return std::string(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

Datum result(std::string_view text) {
  return connector::pg::guard(
      [&] { return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size()))); });
}

}  // namespace boundary
