#include "drivers/sqlserver/connection.hpp"

#include <utility>

#include "drivers/sqlserver/description.hpp"
#include "drivers/sqlserver/source.hpp"

namespace connector::sqlserver {

SqlServerConnection::SqlServerConnection(std::unique_ptr<Session> session, std::string database)
    : SessionConnection(std::move(session), "sqlserver"), database_(std::move(database)) {}

void SqlServerConnection::check() {
  session().query("SELECT 1", {core::Phase::execute, "could not run a statement"});
}

std::vector<core::RemoteTable> SqlServerConnection::list_tables(std::string_view schema, std::int64_t limit) {
  return read_tables(session(), database_, schema.empty() ? "dbo" : schema, limit);
}

std::unique_ptr<core::Source> SqlServerConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<SqlServerSource>(session(), request, database_);
}

std::unique_ptr<core::Source> SqlServerConnection::join(std::span<core::Source* const> parts) {
  return SqlServerSource::join(session(), parts);
}

}  // namespace connector::sqlserver
