#include "drivers/odbc/connection.hpp"

#include <algorithm>
#include <utility>

#include "drivers/odbc/catalog.hpp"
#include "drivers/odbc/dialect.hpp"
#include "drivers/odbc/source.hpp"

namespace connector::odbc {

namespace {

/// Empty = the database has no statement that is sure to be one, and needs none: a file.
std::string_view trivial_statement(Database database) noexcept {
  switch (database) {
    case Database::oracle:
      return "SELECT 1 FROM DUAL";
    case Database::mdbtools:
    case Database::other:
      return {};
    default:
      return "SELECT 1";
  }
}

}  // namespace

OdbcConnection::OdbcConnection(std::unique_ptr<Session> session) : SessionConnection(std::move(session), "odbc") {}

bool OdbcConnection::closed_by_remote() const noexcept {
  return !usable() || any_session().is_dead();
}

void OdbcConnection::check() {
  const std::string_view sql = trivial_statement(session().traits().database);
  if (sql.empty()) {
    // All databases have a catalog.
    list_tables({}, 1);
    return;
  }
  const Task task{core::Phase::execute, "could not run a statement"};
  const StatementHandle statement = session().new_statement(task);
  session().execute_directly(statement.get(), sql, task);
}

std::vector<core::RemoteTable> OdbcConnection::list_tables(std::string_view schema, std::int64_t limit) {
  return read_tables(session(), schema, limit);
}

std::unique_ptr<core::Source> OdbcConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<OdbcSource>(session(), request);
}

std::unique_ptr<core::Source> OdbcConnection::join(std::span<core::Source* const> parts) {
  if (!takes_joins(session().traits().database)) return nullptr;
  std::vector<const OdbcSource*> sources;
  for (const core::Source* part : parts) {
    const auto* source = dynamic_cast<const OdbcSource*>(part);
    if (source == nullptr || !source->can_be_joined()) return nullptr;
    sources.push_back(source);
  }
  return std::make_unique<OdbcSource>(session(), sources, core::joined_description(parts));
}

}  // namespace connector::odbc
