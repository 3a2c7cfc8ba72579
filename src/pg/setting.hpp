// A setting changed for the length of a call.
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace connector::pg {

/// Runs `function` with the setting `name` at `value`, then brings the old value back. After an exception the end of
/// the (sub)transaction does that.
template <typename Function>
void with_setting(const char* name, const char* value, Function&& function) {
  const int level = guard([=] {
    const int level = NewGUCNestLevel();
    set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return level;
  });
  function();
  guard([=] { AtEOXact_GUC(true, level); });
}

}  // namespace connector::pg
