// Whose privileges the current role has, and acting as another role for a moment.
#pragma once

#include "pg/postgres.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace connector::pg {

/// Whether the current role has all that `role` may do, by being it or a member. Throws PgError.
inline bool has_privileges_of(Oid role) {
  return guard([=] { return has_privs_of_role(GetUserId(), role); });
}

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

  /// The flags as they were before, but for SECURITY_LOCAL_USERID_CHANGE, until the end of a scope within the outer
  /// one: for one statement that SECURITY_RESTRICTED_OPERATION forbids, and that runs nobody's code.
  class WithoutAddedFlags {
   public:
    explicit WithoutAddedFlags(const ActAs& outer) noexcept {
      GetUserIdAndSecContext(&role_, &flags_);
      SetUserIdAndSecContext(role_, outer.flags_ | SECURITY_LOCAL_USERID_CHANGE);
    }
    ~WithoutAddedFlags() { SetUserIdAndSecContext(role_, flags_); }
    WithoutAddedFlags(const WithoutAddedFlags&) = delete;
    WithoutAddedFlags& operator=(const WithoutAddedFlags&) = delete;

   private:
    Oid role_;
    int flags_;
  };

 private:
  Oid role_;
  int flags_;
};

/// The flags for acting as `owner` where code that belongs to him may run: expressions of indexes, defaults,
/// constraints, policies, triggers. In a session of somebody else's, or for a function of somebody else's (`caller` is
/// the role that called), that code must not get at them: as REINDEX and others do, it is restricted.
inline int flags_for_code_of(Oid owner, Oid caller) noexcept {
  const bool own = GetSessionUserId() == owner && GetOuterUserId() == owner && caller == owner;
  return own ? SECURITY_LOCAL_USERID_CHANGE : SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION;
}

}  // namespace connector::pg
