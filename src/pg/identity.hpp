// Acting as another role for a moment.
#pragma once

#include "pg/postgres.hpp"

namespace connector::pg {

/// Switches the current role until the end of the scope. Neither end can fail. The flags are those of
/// SetUserIdAndSecContext(); with SECURITY_LOCAL_USERID_CHANGE the code run meanwhile can't SET ROLE.
class ActAs {
 public:
  ActAs(Oid role, int added_flags) noexcept {
    GetUserIdAndSecContext(&role_, &flags_);
    SetUserIdAndSecContext(role, flags_ | added_flags);
  }
  ~ActAs() { SetUserIdAndSecContext(role_, flags_); }
  ActAs(const ActAs&) = delete;
  ActAs& operator=(const ActAs&) = delete;

 private:
  Oid role_;
  int flags_;
};

}  // namespace connector::pg
