#include "store/role_settings.hpp"

#include <charconv>
#include <string>

#include "store/sql.hpp"

namespace connector::store {

using namespace sql;

std::vector<pg::Setting> role_settings(Oid role) {
  std::vector<pg::Setting> settings;
  for (const auto& row :
       query("SELECT substr(c, 1, strpos(c, '=') - 1), substr(c, strpos(c, '=') + 1) "
             "FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY AS u (c, place) "
             "WHERE s.setrole IN (0, $1) AND s.setdatabase IN (0, $2) AND starts_with(c, 'connector.') "
             "ORDER BY s.setrole <> 0, s.setdatabase <> 0, place",
             {oid(role), oid(MyDatabaseId)})) {
    settings.push_back({*row[0], *row[1]});
  }
  return settings;
}

std::optional<int> role_setting(Oid role, const char* name) {
  std::optional<int> found;
  for (const pg::Setting& setting : role_settings(role)) {
    if (setting.name != name) continue;
    int value = 0;
    const char* const last = setting.value.data() + setting.value.size();
    const auto [end, error] = std::from_chars(setting.value.data(), last, value);
    found = error == std::errc() && end == last ? std::optional(value) : std::nullopt;
  }
  return found;
}

}  // namespace connector::store
