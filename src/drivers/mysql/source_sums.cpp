// Checksums of ranges of a table, and one state for them and the rows that are read beside.
#include "drivers/mysql/source.hpp"

#include "core/base/utf8.hpp"
#include "core/remote/range_statement.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/row_hash.hpp"

namespace connector::mysql {

using core::Phase;

std::string MysqlSource::why_no_sums(const core::RangeRequest& request) {
  if (!session_.version().at_least(50605, 100300)) return "the server is older than MySQL 5.6 and MariaDB 10.3";
  for (const std::size_t index : request.columns) {
    const core::RemoteColumn& column = description_.columns.at(index);
    if (can_be_hashed(column.remote_type)) continue;
    return "column " + core::quoted(column.name) + " is of type " + column.remote_type +
           ", of which the remote can't make a checksum";
  }
  std::string why = core::why_no_ranges(dialect(), request, description_.columns);
  // Only InnoDB keeps rows as they were. Which engines a view or a query reads from can't be told.
  if (why.empty() && !is_of_innodb()) why = "only a table of InnoDB can be read several times of one state";
  return why;
}

bool MysqlSource::is_of_innodb() {
  if (table_.empty()) return false;
  if (!is_of_innodb_) {
    session_.convert_results(true);
    is_of_innodb_ = mysql::is_of_innodb(session_, schema_name_, table_name_);
  }
  return *is_of_innodb_;
}

void MysqlSource::hold_state() {
  session_.hold_state();
}

std::string MysqlSource::hash_sql(const core::RangeRequest& request) const {
  std::vector<HashedColumn> columns;
  for (const std::size_t index : request.columns) {
    const core::RemoteColumn& column = description_.columns.at(index);
    columns.push_back({quote_identifier(column.name), column.remote_type, column.not_null});
  }
  // MySQL 9.6 has MD5() in a component only ("Legacy Hashing Component").
  return row_hash(columns, session_.version().at_least(90000, 0) ? Digest::sha256 : Digest::md5);
}

std::vector<core::RangeSum> MysqlSource::sum_ranges(const core::RangeRequest& request) {
  const std::string hashes = core::select_hashes(
      dialect(), request,
      {.list = {}, .from = table_, .column = [this](std::size_t index) { return column_sql(index); }},
      hash_sql(request), description_.columns);
  session_.convert_results(true);
  core::RangeSumReader reader(request.bounds.size(), "mysql", summary_);
  for (const TextRow& row :
       session_.query(sum_of_hashes(hashes), Phase::execute, request.bounds.size() + 2, summary_)) {
    reader.add(row.values());
  }
  return reader.take();
}

/// The bytes of a text mean something else in another character set, which a declaration can give them.
std::string MysqlSource::sum_form(const core::RangeRequest& request) {
  std::string form = hash_sql(request);
  for (const std::size_t index : request.columns) form += ' ' + description_.columns.at(index).collation;
  return form;
}

}  // namespace connector::mysql
