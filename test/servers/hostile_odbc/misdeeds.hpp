// What goes wrong, and where: the attributes `at` and `what` of the connection string.
#pragma once

#include <sql.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostile {

struct Connection;
struct Diagnosed;

/// A misdeed at a place; `at` and `what` may be lists with commas, whose members belong together.
struct Misdeed {
  std::string place;  ///< connect, info, prepare, execute, describe, fetch, getdata, tables, columns, keys, cancel,
                      ///< free, disconnect
  std::string what;
  long passes = 0;  ///< so many calls go well before (the attribute `after`)
};

using Misdeeds = std::vector<Misdeed>;

/// The misdeeds that the attributes of a connection ask for.
Misdeeds read_misdeeds(const Connection& connection);

/// Called at the beginning of each call of the driver at `place`: does what the connection asks for there. A value is
/// what the call returns at once; without one the call goes on as if nothing had happened. Before a call that does not
/// return the file is made that the attribute `mark` names.
std::optional<SQLRETURN> misbehave(Connection& connection, Diagnosed& handle, std::string_view place);

/// Whether the driver lies in this way, all the time.
bool lies(const Connection& connection, std::string_view how);

/// Does what a driver can do to its process; false: no such misdeed. Those that leave the process whole return.
bool harm_process(std::string_view what);

}  // namespace hostile
