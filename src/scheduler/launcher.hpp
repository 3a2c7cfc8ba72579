// The launcher: one process for the cluster, which starts a scheduler in each database that has something to do.
#pragma once

namespace connector::scheduler {

/// Never returns normally: until the process is told to end.
void run_launcher();

}  // namespace connector::scheduler
