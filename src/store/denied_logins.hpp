// The table connector.denied_login: accounts that a remote does not let in, with the time before which no sync tries
// again. Access as in syncs.hpp.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/schedule/schedule.hpp"

namespace connector::store {

/// An account there, and who gave its password here: nobody's denials count for what another role gave. Texts are
/// UTF-8.
struct Login {
  Oid mapping = InvalidOid;     ///< the user mapping that was read; invalid: the request has all
  std::string mapping_version;  ///< another one after each change of the mapping: it may have another password
  Oid role = InvalidOid;        ///< whose request it is, if there is no mapping
  std::string provider;
  std::string server;
  std::string port;
  std::string username;
};

struct DeniedLogin {
  int denials = 0;  ///< in a row
  schedule::Time next_try;
};

/// True if any login is denied; cheaper than to find out which a sync's is.
bool any_denied_login();

/// Empty if the login is not known to be denied.
std::optional<DeniedLogin> find_denied_login(const Login& login);

/// Takes the one attempt that is due, until whose end, or for `pause`, others wait. False if somebody else has it.
bool claim_login(const Login& login, schedule::Time now, std::chrono::seconds pause);

/// A login that was denied at `now`; gives the time of the next one. `alone`: nobody else was to try at that time, so
/// it counts; else several that tried together count as one.
schedule::Time note_denied_login(const Login& login, schedule::Time now, bool alone);

/// The login works, or its password may be another one.
void forget_denied_login(const Login& login);

}  // namespace connector::store
