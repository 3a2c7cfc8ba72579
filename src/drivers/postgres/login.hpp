// What it takes to log in to a server, typed and checked.
#pragma once

#include "core/remote/login_options.hpp"

namespace connector::postgres {

using core::TlsMode;

struct Login : core::LoginOptions {
  bool trusted = false;  ///< the caller may use what belongs to the database server itself
};

}  // namespace connector::postgres
