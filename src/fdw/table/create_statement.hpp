// The statement that makes a foreign table.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "core/remote/connection_options.hpp"
#include "core/request/connector_spec.hpp"
#include "load/read/local_type.hpp"

namespace connector::fdw {

/// A column of a foreign table that is to be made. Texts are UTF-8 but for SQL, which is in the database's encoding.
struct NewColumn {
  std::string name;  ///< at most 63 bytes
  std::string remote_name;
  std::string type_sql;
  std::string default_sql{};  ///< empty = none
  bool not_null = false;
};

struct NewForeignTable {
  std::string name_sql;             ///< quoted, with its schema where that is not known otherwise
  std::string server;               ///< in the database's encoding
  core::ConnectionOptions options;  ///< of the table, UTF-8
  std::vector<NewColumn> columns;
};

/// CREATE FOREIGN TABLE, in the database's encoding. Throws core::Error (encoding) for what that lacks.
std::string create_statement(const NewForeignTable& table);

/// The options of a foreign table that reads what the request reads, UTF-8.
core::ConnectionOptions options_for(const core::ConnectorSpec& spec);

}  // namespace connector::fdw
