// The MySQL and MariaDB provider, on MariaDB Connector/C.
#pragma once

#include "core/remote/provider.hpp"

namespace connector::mysql {

/// The one provider object; the client library is initialised at the first connection, not here.
const core::Provider& provider();

}  // namespace connector::mysql
