#include "drivers/postgres/row_hash.hpp"

namespace connector::postgres {

namespace {

/// A half of the hash as an integer, for which sum() is exact: it adds up to a numeric.
std::string half(int first_digit) {
  return "pg_catalog.sum(('x' OPERATOR(pg_catalog.||) pg_catalog.substr(x.h, " + std::to_string(first_digit) +
         ", 16))::pg_catalog.\"bit\"(64)::pg_catalog.int8)";
}

}  // namespace

std::string row_hash(const std::string& list) {
  return "pg_catalog.md5(pg_catalog.record_send(ROW(" + list + ")))";
}

std::string sum_of_hashes(const std::string& hashes) {
  // OFFSET keeps the planner from putting the hash in each place where it is used.
  return "SELECT x.r, pg_catalog.count(*), " + half(1) + ", " + half(17) +
         ", pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(x.h) FROM (" + hashes +
         " OFFSET 0) AS x GROUP BY x.r";
}

}  // namespace connector::postgres
