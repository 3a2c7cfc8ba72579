// Foreign tables that take rows one by one.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "load/table/target.hpp"

namespace connector::load {

/// Says with a WARNING if the table, or a partition of it, is a foreign one of postgres_fdw's whose batch_size is 1, as
/// it is unless somebody sets it: each row is a statement there. Returns the names (UTF-8) of such servers.
std::vector<std::string> report_single_rows(const RefreshTarget& target);

}  // namespace connector::load
