#include "store/role_settings.hpp"

#include <charconv>
#include <string>

#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

std::optional<int> role_setting(Oid role, const char* name) {
  const SqlRows rows = query(
      "SELECT substr(c, length($3) + 2) FROM pg_db_role_setting s, unnest(s.setconfig) AS c "
      "WHERE s.setrole = $1 AND s.setdatabase IN (0, $2) AND starts_with(c, $3 || '=') "
      "ORDER BY s.setdatabase DESC LIMIT 1",
      {oid(role), oid(MyDatabaseId), {TEXTOID, name}});
  if (rows.empty()) return std::nullopt;
  const std::string& text = *rows[0][0];
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace connector::store
