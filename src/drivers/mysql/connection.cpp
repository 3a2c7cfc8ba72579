#include "drivers/mysql/connection.hpp"

#include <utility>

#include "drivers/mysql/catalog.hpp"
#include "drivers/mysql/source.hpp"

namespace connector::mysql {

MysqlConnection::MysqlConnection(std::unique_ptr<Session> session, std::string database)
    : SessionConnection(std::move(session), "mysql"), database_(std::move(database)) {}

void MysqlConnection::check() {
  session().query("SELECT 1", core::Phase::execute, 1);
}

std::vector<core::RemoteTable> MysqlConnection::list_tables(std::string_view schema, std::int64_t limit) {
  session().convert_results(true);
  return read_tables(session(), schema.empty() ? std::string_view(database_) : schema, limit);
}

std::unique_ptr<core::Source> MysqlConnection::describe(const core::SourceRequest& request) {
  return std::make_unique<MysqlSource>(session(), request, database_);
}

}  // namespace connector::mysql
