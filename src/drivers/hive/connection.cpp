#include "drivers/hive/connection.hpp"

#include <utility>

#include "drivers/hive/catalog.hpp"
#include "drivers/hive/source.hpp"

namespace connector::hive {

HiveConnection::HiveConnection(std::unique_ptr<Session> session) : session_(std::move(session)) {}

/// What a session's database is if it is told none.
std::string_view HiveConnection::default_schema() const noexcept {
  const std::string& database = session_->login().database;
  return database.empty() ? std::string_view("default") : std::string_view(database);
}

void HiveConnection::check() {
  const Task task{core::Phase::execute, "could not run a statement"};
  session_->execute("SELECT 1", task);
  session_->close_operation(task);
}

std::vector<core::RemoteTable> HiveConnection::list_tables(std::string_view schema, std::int64_t limit) {
  return read_tables(*session_, schema.empty() ? default_schema() : schema, limit);
}

std::unique_ptr<core::Source> HiveConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<HiveSource>(*session_, request, default_schema());
}

}  // namespace connector::hive
