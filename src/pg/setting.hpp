// Settings changed for the length of a call.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace connector::pg {

struct Setting {
  std::string name;
  std::string value;
};

/// Who sets them.
enum class SetBy {
  user,  ///< whoever runs the code
  login  ///< an administrator, for the sessions of a role (ALTER ROLE … SET); a name that nobody knows is a WARNING
};

/// While values are set as a login does, true: what a check hook lets bind there binds here, too.
bool sets_as_login() noexcept;

namespace detail {
/// Sets them until end_settings(), or the abort of the (sub)transaction. A value that can't be is an error.
int begin_settings(const std::vector<Setting>& settings, SetBy by);
void end_settings(int level);
}  // namespace detail

/// Runs `function` with the settings at these values, then brings the old ones back. After an exception the abort of
/// the (sub)transaction does that: it must reach the entry point or in_subtransaction(). Throws PgError.
template <typename Function>
auto with_settings(const std::vector<Setting>& settings, Function&& function, SetBy by = SetBy::user)
    -> std::invoke_result_t<Function> {
  const int level = detail::begin_settings(settings, by);
  if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
    function();
    detail::end_settings(level);
  } else {
    auto result = function();
    detail::end_settings(level);
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
