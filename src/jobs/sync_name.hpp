// Names of syncs: which may be given, and that a role has each of them once.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace connector::jobs {

/// Throws core::Error (invalid_parameters) if the name (UTF-8) can't be that of a sync: it is blank, longer than 200
/// bytes, holds control characters, or looks like a uuid, which would be taken for an id.
void check_sync_name(const std::string& name);

/// The sync of this name that belongs to the role itself. From here to the transaction's end nobody else gives the role
/// a sync of this name. Throws core::Error (invalid_parameters) if there are several.
std::optional<std::string> lock_sync_name(Oid role, const std::string& name);

/// Keeps all names of the role from others to the transaction's end, so that none needs a lock of its own: where
/// thousands are given, PostgreSQL's table of locks would overflow.
void lock_all_sync_names(Oid role);

/// Locks and returns the first of `wanted`, `wanted_1`, … that the role has no sync of.
std::string free_sync_name(Oid role, std::string_view wanted);

/// A uuid in one of the forms that PostgreSQL reads.
bool looks_like_uuid(std::string_view text);

}  // namespace connector::jobs
