// Pages of the lists of imports and syncs: which ones are on a page, by their ids. What they are is for the views.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace connector::store {

/// A page, newest first, of what can be seen when it is asked for. Nothing comes twice while somebody turns the pages.
/// What was made before and is committed meanwhile may be left out: it belongs on a page that was turned already.
struct Page {
  std::optional<std::int64_t> limit;  ///< how many at most; nothing = all
  std::optional<std::string> before;  ///< uuid: those older than this one only; none if it has been forgotten since
};

/// The ids of the imports on the page, as the calling query sees them, of those that `role` may see: as in the view
/// connector.imports. `unfinished`: of those only that wait or run, and were asked for in the last 24 hours.
std::vector<std::string> newest_imports(Oid role, const Page& page, bool unfinished);

struct FoundImports {
  std::vector<std::string> ids;
  std::int64_t count = 0;  ///< of all that are found
};

/// The newest imports, at most `limit`, likewise, without first runs of syncs, and how many there are: no more than
/// `most` are counted. With a text, in UTF-8, only those in whose table, schema, server, source or id it is found,
/// whatever the case of its letters, among the newest 100,000 of each role.
FoundImports find_imports(Oid role, const std::optional<std::string>& text, std::int64_t limit, std::int64_t most);

/// The ids of syncs on the page, as in the view connector.syncs.
std::vector<std::string> newest_syncs(Oid role, const Page& page);

}  // namespace connector::store
