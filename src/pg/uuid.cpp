#include "pg/uuid.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/uuid.h"
}

namespace connector::pg {

std::string new_uuid() {
  return uuid_text(guard([] { return OidFunctionCall0(F_GEN_RANDOM_UUID); }));
}

Datum uuid_datum(const std::string& text) {
  return guard([&] { return DirectFunctionCall1(uuid_in, CStringGetDatum(text.c_str())); });
}

std::string canonical_uuid(const std::string& text) {
  return uuid_text(uuid_datum(text));
}

std::string uuid_text(Datum uuid) {
  char* text = guard([=] { return DatumGetCString(DirectFunctionCall1(uuid_out, uuid)); });
  std::string result(text);
  pfree(text);
  return result;
}

}  // namespace connector::pg
