#include "drivers/sqlserver/connection.hpp"

#include <utility>

#include "drivers/sqlserver/description.hpp"
#include "drivers/sqlserver/dialect.hpp"
#include "drivers/sqlserver/source.hpp"

namespace connector::sqlserver {

namespace {

constexpr Task offering{core::Phase::execute, "could not lock the table for a moment"};
constexpr Task joining{core::Phase::execute, "could not begin a snapshot of the table"};

}  // namespace

SqlServerConnection::SqlServerConnection(std::unique_ptr<Session> session, std::string database,
                                         bool has_snapshot_readers)
    : SessionConnection(std::move(session), "sqlserver"),
      database_(std::move(database)),
      has_snapshot_readers_(has_snapshot_readers) {}

void SqlServerConnection::check() {
  session().query("SELECT 1", {core::Phase::execute, "could not run a statement"});
}

std::vector<core::RemoteTable> SqlServerConnection::list_tables(std::string_view schema, std::int64_t limit) {
  return read_tables(session(), database_, schema.empty() ? default_schema : schema, limit);
}

std::unique_ptr<core::Source> SqlServerConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<SqlServerSource>(session(), request, database_);
}

std::unique_ptr<core::Source> SqlServerConnection::join(std::span<core::Source* const> parts) {
  return SqlServerSource::join(session(), parts);
}

core::StateOffer SqlServerConnection::offer_state(const core::SourceRequest& of, int way) {
  if (way > 0) return {.why_not = "there is no other way"};
  if (!has_snapshot_readers_) {
    return {.why_not = "the connection has no \"snapshot_readers\": nobody has tried several on SQL Server yet"};
  }
  if (session().is_babelfish()) return {.why_not = "Babelfish has no snapshots"};
  if (!session().allows_snapshots()) return {.why_not = std::string(why_no_snapshots)};
  if (!of.query.empty()) return {.why_not = "a query may read more than one table"};
  const std::string table = quote_table(database_, of.schema.empty() ? default_schema : of.schema, of.table);
  session().begin_transaction(false, offering);
  try {
    // A row is asked for, so that the table is read: with none the server might not come to lock it.
    session().query("SET LOCK_TIMEOUT 1000; SELECT TOP (1) 1 FROM " + table + " WITH (TABLOCK, HOLDLOCK)", offering);
  } catch (const core::Error& error) {
    if (!session().connected()) throw;
    end_offer();
    return {.why_not = error.message()};
  }
  return {.token = table, .holds_up_writers = true};
}

void SqlServerConnection::end_offer() {
  if (!usable()) return;
  session().release(offering);
  session().query("SET LOCK_TIMEOUT -1", offering);
}

/// A snapshot is of the moment of the first read, not of BEGIN TRANSACTION ("Snapshot Isolation in SQL Server").
std::string SqlServerConnection::join_state(const std::string& token) {
  session().join_state("SELECT TOP (1) 1 FROM " + token, joining);
  return {};
}

}  // namespace connector::sqlserver
