#include "jobs/as_owner.hpp"

#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "pg/subtransaction.hpp"
#include "settings/settings.hpp"
#include "store/role_settings.hpp"

extern "C" {
#include "miscadmin.h"
}

namespace connector::jobs {

void with_settings_of(Oid role, const std::function<void()>& work) {
  // SET SESSION AUTHORIZATION keeps the settings of the login.
  if (GetSessionUserId() == role && GetAuthenticatedUserId() == role) return work();
  pg::with_settings(
      store::role_settings(role),
      [&] {
        const settings::Fixed fixed;
        work();
      },
      pg::SetBy::login);
}

void as_owner(Oid owner, const std::function<void()>& work) {
  const pg::ActAs role(owner, SECURITY_LOCAL_USERID_CHANGE);
  with_settings_of(owner, [&] { pg::with_system_path(work); });
}

std::chrono::seconds statement_timeout_of(Oid role) {
  std::chrono::seconds limit{};
  pg::in_discarded_subtransaction(
      [&] { with_settings_of(role, [&] { limit = settings::current().statement_timeout; }); });
  return limit;
}

}  // namespace connector::jobs
