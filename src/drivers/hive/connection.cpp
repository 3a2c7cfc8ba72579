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

/// Hive 4 makes an anti join of a LEFT JOIN whose rows are kept where a column of the joined table IS NULL, even if
/// that column has NULLs of its own: rows are lost (HIVE-26135, HIVE-29176). The session is told not to. Servers that
/// don't know the setting don't know the anti join; others may not let it be set.
bool HiveConnection::is_null_test_exact() {
  if (is_null_test_exact_) return *is_null_test_exact_;
  const Task task{core::Phase::describe, "could not prepare the session for joins"};
  try {
    session().execute("SET hive.auto.convert.anti.join=false", task);
    session().close_operation(task);
    is_null_test_exact_ = true;
  } catch (const core::Error& error) {
    if (!session().usable()) throw;
    // org.apache.hadoop.hive.ql.processors.SetProcessor, with hive.conf.validation.
    is_null_test_exact_ = error.message().find("does not exist") != std::string::npos;
  }
  return *is_null_test_exact_;
}

std::unique_ptr<core::Source> HiveConnection::join(std::span<core::Source* const> parts) {
  std::vector<HiveSource*> sources;
  for (core::Source* part : parts) {
    auto* source = dynamic_cast<HiveSource*>(part);
    if (source == nullptr || !source->can_be_joined()) return nullptr;
    source->look_at_partitions();
    sources.push_back(source);
  }
  return std::make_unique<HiveSource>(session(), sources, core::joined_description(parts), is_null_test_exact());
}

}  // namespace connector::hive
