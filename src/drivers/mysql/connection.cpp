#include "drivers/mysql/connection.hpp"

#include <utility>

#include "drivers/mysql/catalog.hpp"
#include "drivers/mysql/common_state.hpp"
#include "drivers/mysql/schema.hpp"
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
  if (!joined_.empty()) begin_to_read(session(), joined_, schema_of(request), request.table);
  joined_.clear();
  return std::make_unique<MysqlSource>(session(), request, database_);
}

std::unique_ptr<core::Source> MysqlConnection::join(std::span<core::Source* const> parts) {
  std::vector<MysqlSource*> own;
  for (core::Source* part : parts) {
    auto* source = dynamic_cast<MysqlSource*>(part);
    if (source == nullptr) return nullptr;
    own.push_back(source);
  }
  return MysqlSource::join(own);
}

void MysqlConnection::describe_schema(std::string_view schema, const core::TableParts& parts,
                                      const std::function<bool(const core::RemoteTable&)>& wanted,
                                      const std::function<void(const core::DescribedTable&)>& found) {
  const std::string name(schema.empty() ? std::string_view(database_) : schema);
  if (name.empty()) return Connection::describe_schema(schema, parts, wanted, found);  // all schemas that can be seen
  mysql::describe_schema(session(), name, parts, wanted, found);
}

std::string_view MysqlConnection::schema_of(const core::SourceRequest& request) const noexcept {
  return request.schema.empty() ? std::string_view(database_) : request.schema;
}

core::StateOffer MysqlConnection::offer_state(const core::SourceRequest& of, int way) {
  if (!of.query.empty()) return {.why_not = "a query can't be divided"};
  return mysql::offer_state(session(), schema_of(of), of.table, way, locks_);
}

std::string MysqlConnection::join_state(const std::string& token) {
  joined_.clear();
  std::string mark = mysql::join_state(session(), token);
  joined_ = token;
  return mark;
}

void MysqlConnection::end_offer() {
  if (std::exchange(locks_, false)) unlock_tables(session());
}

}  // namespace connector::mysql
