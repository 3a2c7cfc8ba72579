#include "load/read/load_result.hpp"

#include "pg/notice.hpp"

namespace connector::load {

namespace {

void report_counts(const ColumnCounts& counts, const std::string& what, const std::string& became) {
  for (const auto& [column, count] : counts) {
    pg::warning(std::to_string(count) + " " + what + (count == 1 ? "" : "s") + " in column \"" + column + "\" became " +
                became);
  }
}

}  // namespace

void report_result(const LoadResult& result) {
  if (result.truncated) {
    pg::warning("the import stopped at the limit of " + std::to_string(result.max_rows) +
                    (result.max_rows == 1 ? " row" : " rows"),
                "The source has more rows. The limit is that of connector.role_limits, else connector.max_rows, or "
                "\"max_rows\" of the request if that is lower.");
  }
  report_counts(result.invalid_values, "invalid value", "NULL");
  for (const auto& [kind, columns] : result.substitutions) {
    report_counts(columns, std::string(kind.value), std::string(kind.became));
  }
  for (const core::RemoteWarning& warning : result.remote_warnings) {
    pg::warning("the remote server warned " +
                (warning.count == 1 ? std::string("once") : std::to_string(warning.count) + " times") + ": " +
                warning.message);
  }
}

}  // namespace connector::load
