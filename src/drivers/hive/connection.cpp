#include "drivers/hive/connection.hpp"

#include <utility>

#include "drivers/hive/catalog.hpp"
#include "drivers/hive/source.hpp"

namespace connector::hive {

HiveConnection::HiveConnection(std::unique_ptr<Session> session) : SessionConnection(std::move(session), "hive") {}

/// What a session's database is if it is told none.
std::string_view HiveConnection::default_schema() {
  const std::string& database = session().login().database;
  return database.empty() ? std::string_view("default") : std::string_view(database);
}

void HiveConnection::check() {
  const Task task{core::Phase::execute, "could not run a statement"};
  session().execute("SELECT 1", task);
  session().close_operation(task);
}

std::vector<core::RemoteTable> HiveConnection::list_tables(std::string_view schema, std::int64_t limit) {
  return read_tables(session(), schema.empty() ? default_schema() : schema, limit);
}

std::unique_ptr<core::Source> HiveConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<HiveSource>(session(), request, default_schema());
}

std::unique_ptr<core::Source> HiveConnection::join(std::span<core::Source* const> parts) {
  for (core::Source* part : parts) {
    auto& source = static_cast<HiveSource&>(*part);
    if (!source.can_be_joined()) return nullptr;
    source.look_at_partitions();
  }
  return std::make_unique<HiveSource>(session(), parts);
}

}  // namespace connector::hive
