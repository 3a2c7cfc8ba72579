// The connection string for libpq.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/address_rules.hpp"
#include "drivers/postgres/login.hpp"

namespace connector::postgres {

/// Values by libpq's keywords.
using Keywords = std::map<std::string, std::string, std::less<>>;

/// What a login to an address needs. Every keyword of the library that has a default from outside (an environment
/// variable, a file in the home folder) is among them, so that none of these counts; all but `service`, which can't be
/// given without being looked for: hide the variable PGSERVICE from the library.
Keywords connection_keywords(const Login& login, const core::Address& address);

/// The keywords in libpq's form `name='value'`. Other than an array of values, which treats an empty one as absent,
/// the string can say that a keyword is empty (fe-connect.c, conninfo_array_parse() and conninfo_parse()).
std::string connection_string(const Keywords& keywords);

}  // namespace connector::postgres
