// SQL that a role gives to be run later.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::pg {

/// Throws core::Error (invalid_parameters) unless `sql`, in the database's encoding, is one statement that can run
/// inside a transaction that is not its own, as far as its text tells. `key` is what the request calls it. Settings
/// that change how SQL is read (standard_conforming_strings) must be those that it will run with.
void require_one_statement(const std::string& sql, const std::string& key);

}  // namespace connector::pg
