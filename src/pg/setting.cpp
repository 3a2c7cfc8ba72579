#include "pg/setting.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace connector::pg {

namespace {

bool as_login = false;

struct AsLogin {
  explicit AsLogin(bool is_so) noexcept { as_login = is_so; }
  ~AsLogin() { as_login = false; }
  AsLogin(const AsLogin&) = delete;
  AsLogin& operator=(const AsLogin&) = delete;
};

}  // namespace

bool sets_as_login() noexcept {
  return as_login;
}

int detail::begin_settings(const std::vector<Setting>& settings, SetBy by) {
  const bool login = by == SetBy::login;
  const AsLogin scope(login);
  return guard([&] {
    const int nested = NewGUCNestLevel();
    for (const Setting& setting : settings) {
      const char* const name = setting.name.c_str();
      const bool may_be_unknown = login && GetConfigOption(name, true, false) == nullptr;
      set_config_option(name, setting.value.c_str(), login ? PGC_SUSET : PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                        true, may_be_unknown ? WARNING : 0, false);
    }
    return nested;
  });
}

void detail::end_settings(int level) {
  guard([level] { AtEOXact_GUC(false, level); });
}

}  // namespace connector::pg
