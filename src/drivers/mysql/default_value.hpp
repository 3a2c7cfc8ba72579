// What a column's default is.
#pragma once

#include <optional>
#include <string>

#include "core/remote/table_parts.hpp"
#include "core/rows/logical_type.hpp"

namespace connector::mysql {

/// The default of a column as information_schema tells it.
struct DefaultFacts {
  std::string column_type;            ///< `int(10) unsigned`
  std::optional<std::string> text{};  ///< COLUMN_DEFAULT
  std::string extra{};                ///< EXTRA
  bool is_sql = false;  ///< MariaDB from 10.2.7 on: `text` is SQL; else it is a value, unless `extra` says otherwise
  /// MySQL from 8.0 on: a TIMESTAMP is written in the time zone of the session that made the table, whichever it was.
  bool in_zone_of_its_maker = false;
};

/// Nothing for none, and for that of a generated column. `type`: the local one.
std::optional<core::ColumnDefault> default_of(const DefaultFacts& facts, const core::LogicalType& type);

}  // namespace connector::mysql
