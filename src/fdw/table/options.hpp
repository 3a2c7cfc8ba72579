// The options of foreign tables and their columns.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/words.hpp"
#include "core/remote/connection_options.hpp"
#include "core/remote/provider.hpp"
#include "core/rows/row_batch.hpp"
#include "jobs/foreign_server.hpp"

namespace connector::fdw {

/// Which conditions, orders and limits the remote gets.
enum class Pushdown {
  on,
  exact,  ///< only those of which it keeps just the rows that PostgreSQL would keep
  off
};
inline constexpr auto pushdown_words =
    core::words<Pushdown>({{Pushdown::on, "on"}, {Pushdown::exact, "exact"}, {Pushdown::off, "off"}});

inline constexpr std::string_view table_name_option = "table_name";
inline constexpr std::string_view query_option = "query";
inline constexpr std::string_view schema_name_option = "schema_name";
inline constexpr std::string_view column_name_option = "column_name";

/// The option of a server, and of a table of its.
inline constexpr core::ParameterInfo pushdown_parameter = {
    .name = jobs::pushdown_option,
    .description = "Which conditions, orders and limits are sent to the remote.",
    .default_value = "on",
    .allowed_values = pushdown_words.all()};

/// The option of a column.
inline constexpr core::ParameterInfo column_parameters[] = {
    {.name = column_name_option, .description = "Name of the remote column, if it is not the local one."}};

/// What a foreign table says of itself.
struct TableOptions {
  std::string provider;  ///< its id; a provider that is built in
  /// All but `parts`. Its columns are those of the table that are read, in their order, by their remote names
  /// and with the types that they are declared as here, as if a request had named both; none for a table without
  /// columns, which then stand for all of the remote's.
  core::SourceRequest request;
  core::InvalidValues invalid_values = core::InvalidValues::error;
  Pushdown pushdown = Pushdown::on;  ///< the table's, else the server's
  /// Remote names (UTF-8) by attribute number less 1; empty for a column that is not read.
  std::vector<std::string> column_names;
};

/// The options of a foreign table of this wrapper, and of its server and columns. Throws core::Error
/// (invalid_parameters, connectors_disabled) if the server does not say for which provider it is, or the options are
/// none for it.
TableOptions table_options(Oid table);

/// Checks the options of a foreign table whose provider is one of these; what is the same in a request, as there.
/// `subject` is what the message begins with. Throws core::Error (invalid_parameters) that names all that is wrong.
void check_table_options(const core::ConnectionOptions& options,
                         const std::vector<const core::ProviderInfo*>& providers, const std::string& subject);

/// Checks the options of a column likewise.
void check_column_options(const core::ConnectionOptions& options, const std::string& subject);

}  // namespace connector::fdw
