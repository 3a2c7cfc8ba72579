// Defaults, indexes and foreign keys of a table.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/table_parts.hpp"
#include "drivers/sqlserver/session.hpp"

namespace connector::sqlserver {

struct TablePartsFacts {
  std::map<std::string, std::string> default_definitions;  ///< by column
  std::vector<std::string> identity_columns;
  std::vector<core::RemoteIndex> indexes;
  std::vector<core::RemoteForeignKey> foreign_keys;
};

/// `object` is the expression for the table's number, `column_names` are the names of its columns by their numbers.
/// What the account may not see, or the server does not have, is not there.
TablePartsFacts read_table_parts(Session& session, const std::string& catalog, const std::string& object,
                                 const std::map<std::string, std::string>& column_names, const core::TableParts& parts);

}  // namespace connector::sqlserver
