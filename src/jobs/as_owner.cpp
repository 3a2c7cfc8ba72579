#include "jobs/as_owner.hpp"

#include <vector>

#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "store/role_settings.hpp"

namespace connector::jobs {

void as_owner(Oid owner, const std::function<void()>& work) {
  const pg::ActAs role(owner, SECURITY_LOCAL_USERID_CHANGE);
  const std::vector<pg::Setting> settings =
      GetSessionUserId() == owner ? std::vector<pg::Setting>() : store::role_settings(owner);
  pg::with_settings(
      settings, [&] { pg::with_system_path(work); }, pg::SetBy::login);
}

}  // namespace connector::jobs
