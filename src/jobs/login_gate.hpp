// Syncs whose login the remote denies. All syncs that log in with the same account and password stop for a while, and
// one of them tries again for all: each attempt may be the one by which the remote locks the account.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/schedule/schedule.hpp"
#include "jobs/work.hpp"
#include "store/denied_logins.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

namespace connector::jobs {

/// What a run may do about its login.
struct LoginGate {
  enum class State {
    open,   ///< log in
    held,   ///< nothing before `next_try`
    trial,  ///< try the login, alone, before anything else
  };
  State state = State::open;
  store::Login login;
  schedule::Time next_try;
  int denials = 0;
};

/// Looks for the sync's login among those that are denied. A trial is claimed: it counts when the transaction commits.
LoginGate look_at_login(const store::Sync& sync, schedule::Time now);

/// Logs in as the sync would, and out again.
WorkEnd try_login(const store::Sync& sync);

/// The failure of a run that is not to log in.
store::Failure held_failure(const LoginGate& gate);

/// Puts a denied login on record, in a subtransaction, and gives the failure the time of the next one. `alone` as in
/// store::note_denied_login().
void note_denied(store::Failure& failure, const store::Login& login, bool alone);

/// The login works: others need not wait any more. What another session has locked is left to the next run.
void note_login(const store::Login& login);

/// A person asked for the sync, or changed it: its login is tried again at once.
void forget_denied_login_of(const store::Sync& sync);

}  // namespace connector::jobs
