// The connection string for libpq.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address_rules.hpp"
#include "drivers/postgres/login.hpp"

namespace connector::postgres {

/// Values by libpq's keywords.
using Keywords = std::map<std::string, std::string, std::less<>>;

/// What `require_auth` of libpq 16 and later says for roles that are not trusted. The library's errors about other
/// methods quote it.
inline constexpr const char* password_methods = "password,md5,scram-sha-256";

/// What a login to an address needs, and whatever else the library would take from files in the home folder.
Keywords connection_keywords(const Login& login, const core::Address& address);

/// The keywords in libpq's form `name='value'`. Other than an array of values, which treats an empty one as absent,
/// the string can say that a value is empty (fe-connect.c, conninfo_array_parse() and conninfo_parse()).
std::string connection_string(const Keywords& keywords);

/// What core::HiddenEnvironment must hide while a connection is started: all that the library would take for a keyword
/// that is not given, and for a service to be looked for in files or by LDAP. Explicit values are no way to keep these
/// out: there are keywords that must not be empty and have no default to be named, more with every version.
std::vector<const char*> environment_variables();

}  // namespace connector::postgres
