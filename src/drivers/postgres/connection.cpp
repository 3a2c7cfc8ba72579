#include "drivers/postgres/connection.hpp"

#include "drivers/postgres/catalog.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/schema.hpp"
#include "drivers/postgres/shared_snapshot.hpp"
#include "drivers/postgres/snapshot.hpp"
#include "drivers/postgres/source.hpp"
#include "drivers/postgres/sql_text.hpp"

namespace connector::postgres {

void PostgresConnection::check() {
  session().run("SELECT 1", {core::Phase::execute, "could not run a statement"});
}

std::vector<core::RemoteTable> PostgresConnection::list_tables(std::string_view schema, std::int64_t limit) {
  begin_transaction(session());
  WithinSnapshot step(session());
  std::vector<core::RemoteTable> tables =
      read_list(session().run(list_statements(session(), schema.empty() ? default_schema : schema, limit),
                              {core::Phase::describe, "could not list tables"}));
  step.done();
  return tables;
}

std::unique_ptr<core::Source> PostgresConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<PostgresSource>(session(), request);
}

std::unique_ptr<core::Source> PostgresConnection::join(std::span<core::Source* const> parts) {
  return PostgresSource::join(session(), parts);
}

std::string PostgresConnection::begin_snapshot(const std::string& shared) {
  return postgres::begin_snapshot(session(), shared);
}

void PostgresConnection::end_snapshot() noexcept {
  any_session().end_snapshot();
}

core::StateOffer PostgresConnection::offer_state(const core::SourceRequest& of, int way) {
  if (way > 0) return {.why_not = "there is no other way"};
  if (!of.query.empty()) return {.why_not = "a query is not read in parts"};
  return offer_snapshot(session(), quote_table(of.schema.empty() ? default_schema : of.schema, of.table));
}

std::string PostgresConnection::join_state(const std::string& token) {
  return join_snapshot(session(), token);
}

void PostgresConnection::end_offer() {
  if (any_session().snapshot()) end_snapshot();
}

void PostgresConnection::describe_schema(std::string_view schema, const core::TableParts& parts,
                                         const std::function<bool(const core::RemoteTable&)>& wanted,
                                         const std::function<void(const core::DescribedTable&)>& found) {
  if (parts.indexes || parts.foreign_keys) return Connection::describe_schema(schema, parts, wanted, found);
  postgres::describe_schema(session(), schema, parts, wanted, found);
}

}  // namespace connector::postgres
