// PUT /api/v1/synchronizations/{id}.
#pragma once

#include "http/routes/call.hpp"

namespace connector::http {

/// Changes `interval`, `connector` and `paused`, as far as the body has them, each as SQL does: the first two by one
/// call, `paused` by a second one and only if it is not so already. Without any member it asks for a run at once.
Task<Reply> change_synchronization(Call& call);

}  // namespace connector::http
