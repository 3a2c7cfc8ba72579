// How the tables of syncs and imports are read and written: as the extension's owner, whatever role asks, under a
// search_path that nobody can put anything into. What another session has locked is waited for no longer than 10
// seconds.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "pg/spi.hpp"

namespace connector::store::sql {

using pg::SqlParameter;
using pg::SqlRows;

/// The number of rows that the command touched.
std::uint64_t execute(std::string_view sql, const std::vector<SqlParameter>& parameters);
SqlRows query(std::string_view sql, const std::vector<SqlParameter>& parameters, pg::Sees sees = pg::Sees::present);

/// A text of the database as UTF-8.
std::string utf8(const std::string& server);

SqlParameter uuid(const std::string& value);
SqlParameter text(const std::string& utf8);
/// A text for people only: characters that the database's encoding lacks are replaced.
SqlParameter shown(const std::string& utf8);
SqlParameter json(const std::optional<std::string>& utf8);
SqlParameter number(std::uint64_t value);
SqlParameter oid(Oid value);

/// Times travel as microseconds since 1970; time_sql() makes a timestamptz of parameter `$n`.
std::string time_sql(int n);
SqlParameter time(const std::optional<schedule::Time>& value);
schedule::Time parse_time(const std::string& microseconds);

/// Notifies the channel `connector` when the transaction commits. Every role may listen: what the job was about is for
/// the views, which know who may see it.
void notify(const std::string& kind, const std::string& id, const std::string& state);

}  // namespace connector::store::sql
