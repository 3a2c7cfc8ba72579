// Checksums of ranges of a table, and one state for them and the rows that are read beside.
#include "drivers/sqlserver/source.hpp"

#include <charconv>

#include "core/base/utf8.hpp"
#include "core/remote/range_statement.hpp"
#include "drivers/sqlserver/dialect.hpp"
#include "drivers/sqlserver/row_hash.hpp"

namespace connector::sqlserver {

namespace {

/// The first one whose HASHBYTES() takes more than 8,000 bytes ("HASHBYTES").
constexpr int sql_server_2016 = 13;

/// Azure SQL Database and Azure SQL Managed Instance, which call themselves version 12 for good ("SERVERPROPERTY").
constexpr std::string_view azure_editions[] = {"5", "8"};

bool hashes_long_values(Session& session, const Task& task) {
  const std::vector<TextResult> results = session.query(
      "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), "
      "CAST(SERVERPROPERTY('EngineEdition') AS nvarchar(10))",
      task);
  if (results.size() != 1 || results[0].rows.size() != 1 || results[0].rows[0].size() != 2) return false;
  const std::string version = results[0].rows[0][0].value_or("");
  const std::string edition = results[0].rows[0][1].value_or("");
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major >= sql_server_2016 || std::ranges::find(azure_editions, edition) != std::end(azure_editions);
}

}  // namespace

std::string SqlServerSource::why_no_sums(const core::RangeRequest& request) {
  // A query may change what it reads, and lead into databases without snapshots.
  if (table_.empty()) return "only a table or a view can be read several times of one state";
  if (session_.is_babelfish()) return "nobody has tried the checksums of Babelfish";
  if (!session_.allows_snapshots()) return std::string(why_no_snapshots);
  for (const std::size_t index : request.columns) {
    if (can_be_hashed(columns_.at(index).rule)) continue;
    const core::RemoteColumn& column = description_.columns[index];
    return "column " + core::quoted(column.name) + " is of type " + column.remote_type +
           ", of which the remote can't make a checksum";
  }
  std::string why = core::why_no_ranges(dialect(), request, description_.columns);
  if (!why.empty()) return why;
  if (!hashes_long_values_) hashes_long_values_ = hashes_long_values(session_, {core::Phase::describe, summary_});
  return *hashes_long_values_ ? "" : "the server is older than SQL Server 2016";
}

void SqlServerSource::hold_state() {
  session_.hold_state({core::Phase::execute, summary_});
}

std::string SqlServerSource::hash_sql(const core::RangeRequest& request) const {
  std::vector<HashedColumn> columns;
  for (const std::size_t index : request.columns) {
    columns.push_back({column_sql(index), &columns_.at(index).rule, description_.columns[index].not_null});
  }
  return row_hash(columns);
}

std::vector<core::RangeSum> SqlServerSource::sum_ranges(const core::RangeRequest& request) {
  const std::string hashes = core::select_hashes(
      dialect(), request,
      {.list = {}, .from = table_, .column = [this](std::size_t index) { return column_sql(index); }},
      hash_sql(request), description_.columns);
  const Task task{core::Phase::execute, summary_};
  session_.begin_transaction(true, task);
  core::RangeSumReader reader(request.bounds.size(), "sqlserver", summary_);
  for (const TextResult& result : session_.query(sum_of_hashes(hashes), task, request.bounds.size() + 2)) {
    for (const TextRow& row : result.rows) reader.add(row);
  }
  return reader.take();
}

/// The bytes of a text mean something else in another code page, which a declaration can give them.
std::string SqlServerSource::sum_form(const core::RangeRequest& request) {
  std::string form = hash_sql(request);
  for (const std::size_t index : request.columns) form += ' ' + description_.columns.at(index).encoding;
  return form;
}

}  // namespace connector::sqlserver
