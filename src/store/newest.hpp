// Pages of the lists of imports and syncs: which ones are on a page, by their ids. What they are is for the views.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace connector::store {

/// A page, newest first. One that is made while somebody turns the pages is on none of those that follow: nothing comes
/// twice, and nothing that was there is left out.
struct Page {
  std::optional<std::int64_t> limit;  ///< how many at most; nothing = all
  std::optional<std::string> before;  ///< uuid: those older than this one only, which is there
};

/// The ids of the imports on the page, as the calling query sees them, of those that `role` may see: as in the view
/// connector.imports. `unfinished`: of those only that wait or run, and were asked for in the last 24 hours.
std::vector<std::string> newest_imports(Oid role, const Page& page, bool unfinished);

/// Likewise the ids of syncs, as in the view connector.syncs.
std::vector<std::string> newest_syncs(Oid role, const Page& page);

}  // namespace connector::store
