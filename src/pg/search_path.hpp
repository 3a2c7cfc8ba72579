// A search_path that nobody can put anything into.
#pragma once

#include "pg/postgres.hpp"

#include <type_traits>

namespace connector::pg {

namespace detail {
int pin_search_path();
void unpin_search_path(int level);
}  // namespace detail

/// Runs `function` with search_path = pg_catalog, pg_temp, so that unqualified names and operators are PostgreSQL's
/// own. If it throws, the abort of the (sub)transaction brings the old path back: the exception must reach the entry
/// point or in_subtransaction().
template <typename Function>
auto with_system_path(Function&& function) -> std::invoke_result_t<Function> {
  const int level = detail::pin_search_path();
  if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
    function();
    detail::unpin_search_path(level);
  } else {
    auto result = function();
    detail::unpin_search_path(level);
    return result;
  }
}

}  // namespace connector::pg
