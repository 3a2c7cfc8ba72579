#include "pg/search_path.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace connector::pg::detail {

int pin_search_path() {
  return guard([] {
    const int level = NewGUCNestLevel();
    set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
    return level;
  });
}

void unpin_search_path(int level) {
  guard([level] { AtEOXact_GUC(false, level); });
}

}  // namespace connector::pg::detail
