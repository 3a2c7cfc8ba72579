// Settings changed for the length of a call.
#pragma once

#include "pg/guard.hpp"

#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>

extern "C" {
#include "utils/guc.h"
}

namespace connector::pg {

struct Setting {
  const char* name;
  std::string value;
};

/// Runs `function` with the settings at these values, then brings the old ones back. After an exception the abort of
/// the (sub)transaction does that: it must reach the entry point or in_subtransaction(). Throws PgError.
template <typename Function>
auto with_settings(std::initializer_list<Setting> settings, Function&& function) -> std::invoke_result_t<Function> {
  const int level = guard([&] {
    const int nested = NewGUCNestLevel();
    for (const Setting& setting : settings) {
      set_config_option(setting.name, setting.value.c_str(), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                        false);
    }
    return nested;
  });
  const auto restore = [level] { guard([level] { AtEOXact_GUC(false, level); }); };
  if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
    function();
    restore();
  } else {
    auto result = function();
    restore();
    return result;
  }
}

/// Runs `function` with a search_path that nobody can put anything into, so that unqualified names and operators are
/// PostgreSQL's own. Throws like with_settings().
template <typename Function>
auto with_system_path(Function&& function) -> std::invoke_result_t<Function> {
  return with_settings({{"search_path", "pg_catalog, pg_temp"}}, std::forward<Function>(function));
}

/// Runs `function` where values become text, and text becomes values, in one way, whatever the session's settings are.
template <typename Function>
auto with_fixed_formats(Function&& function) {
  return with_settings({{"datestyle", "ISO, MDY"},
                        {"intervalstyle", "postgres"},
                        {"timezone", "UTC"},
                        {"extra_float_digits", "1"},
                        {"bytea_output", "hex"},
                        {"xmloption", "content"},
                        {"xmlbinary", "base64"},
                        {"lc_monetary", "C"},
                        {"array_nulls", "on"}},
                       std::forward<Function>(function));
}

}  // namespace connector::pg
