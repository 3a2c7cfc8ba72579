// What the functions that change a sync have in common.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "jobs/request.hpp"
#include "store/syncs.hpp"

namespace connector::api {

/// A dropped table is asked for again: by the one who calls, never by the clock.
void forget_dropped_table(store::Sync& found);

/// Whoever owns the table asks for runs of his own request. What he can't have is the former owner's password.
void make_own(store::Sync& found);

/// Gives the sync, whose row is locked, another interval, request or name (UTF-8), as far as they are given. Masks in
/// the request keep what the present one has.
void change_sync(store::Sync& found, std::optional<std::chrono::seconds> interval, jobs::Request* request,
                 const std::optional<std::string>& name);

}  // namespace connector::api
