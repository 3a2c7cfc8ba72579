#include "store/due_row.hpp"

#include "store/sql.hpp"

namespace connector::store {

std::vector<DueRow> read_due_rows(const pg::SqlRows& rows) {
  std::vector<DueRow> due;
  due.reserve(rows.size());
  for (const auto& row : rows) {
    due.push_back({*row[0], pg::read_oid(row[1]), *row[2], sql::parse_time(*row[3]), *row[4] == "t", *row[5] == "t"});
  }
  return due;
}

}  // namespace connector::store
