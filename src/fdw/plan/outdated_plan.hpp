// Plans that the remote has grown out of.
#pragma once

namespace connector::fdw {

/// Throws Error (cannot_read): the remote can't be asked any more what the plan asks. Plans are made again.
[[noreturn]] void plan_is_outdated();

}  // namespace connector::fdw
