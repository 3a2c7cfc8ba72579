// What it takes to log in to a server, typed and checked.
#pragma once

#include "core/remote/login_options.hpp"

namespace connector::mysql {

using core::TlsMode;

struct Login : core::LoginOptions {
  bool compression = false;
};

/// Reads the options of a request, whose keys and defaults are checked already. Throws Error (invalid_parameters).
Login read_login(const core::ConnectRequest& request);

}  // namespace connector::mysql
