// Statements that the extension's processes would be in the way of.
#pragma once

namespace connector::scheduler {

/// Called by _PG_init in the postmaster. From then on DROP DATABASE, ALTER DATABASE … RENAME TO and SET TABLESPACE, and
/// CREATE DATABASE … TEMPLATE end the processes that work on the database before they look for its users, and the
/// launcher starts them again when the statement has failed or left the database there. DROP EXTENSION lets the
/// scheduler look whether there is anything left to do.
void install_utility_hook();

}  // namespace connector::scheduler
