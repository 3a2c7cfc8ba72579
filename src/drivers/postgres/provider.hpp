// The PostgreSQL provider, on libpq.
#pragma once

#include "core/remote/provider.hpp"

namespace connector::postgres {

/// The one provider object.
const core::Provider& provider();

}  // namespace connector::postgres
