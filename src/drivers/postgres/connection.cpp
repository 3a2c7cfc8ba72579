#include "drivers/postgres/connection.hpp"

#include "drivers/postgres/catalog.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/source.hpp"

namespace connector::postgres {

void PostgresConnection::check() {
  session().run("SELECT 1", {core::Phase::execute, "could not run a statement"});
}

std::vector<core::RemoteTable> PostgresConnection::list_tables(std::string_view schema, std::int64_t limit) {
  begin_transaction(session());
  return read_list(session().run(list_statements(session(), schema.empty() ? "public" : schema, limit),
                                 {core::Phase::describe, "could not list tables"}));
}

std::unique_ptr<core::Source> PostgresConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<PostgresSource>(session(), request);
}

}  // namespace connector::postgres
