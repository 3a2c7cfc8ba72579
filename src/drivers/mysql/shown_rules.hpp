// The rules of foreign keys as SHOW CREATE TABLE prints them: information_schema hides them from accounts that may only
// read the table.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/remote/table_parts.hpp"

namespace connector::mysql {

struct ForeignKeyRules {
  core::ForeignKeyAction on_delete = core::ForeignKeyAction::no_action;
  core::ForeignKeyAction on_update = core::ForeignKeyAction::no_action;
};

/// The action of one of the server's words; what it calls RESTRICT and NO ACTION is the same there.
core::ForeignKeyAction action_of(std::string_view word) noexcept;

/// By the names of the constraints. A line of the statement that is not understood is passed over.
std::map<std::string, ForeignKeyRules> shown_rules(std::string_view create_table);

}  // namespace connector::mysql
