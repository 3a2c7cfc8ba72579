// Work that is done for the owner of a job, whoever's session it is.
#pragma once

#include "pg/postgres.hpp"

#include <functional>

namespace connector::jobs {

/// Does `work` as the owner, with a search_path that nobody can put anything into. In a session that is not his the
/// settings connector.* that ALTER ROLE gives his own sessions hold: a sync may reach the same hosts whoever runs it.
/// Those of the session hold where he has none. Throws like pg::with_settings().
void as_owner(Oid owner, const std::function<void()>& work);

}  // namespace connector::jobs
