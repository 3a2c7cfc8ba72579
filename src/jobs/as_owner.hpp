// Work that is done for the owner of a job, whoever's session it is.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <functional>

namespace connector::jobs {

/// Does `work` with the settings connector.* that ALTER ROLE and ALTER DATABASE give the role's own sessions here, if
/// this is none of them: a sync may reach the same hosts whoever runs it. Those of the session hold where the role has
/// none. Nothing that `work` runs can change them. Throws like pg::with_settings().
void with_settings_of(Oid role, const std::function<void()>& work);

/// Does `work` as the owner, with his settings and a search_path that nobody can put anything into. Throws likewise.
void as_owner(Oid owner, const std::function<void()>& work);

/// The setting connector.statement_timeout of the role's sessions; 0 = none. Throws likewise.
std::chrono::seconds statement_timeout_of(Oid role);

}  // namespace connector::jobs
