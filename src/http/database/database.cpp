#include "http/database/database.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace connector::http {

namespace {

using Conninfo = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// Stands for what a conninfo does not say: nothing that is a role, a database or a file.
constexpr const char* unsaid = "/dev/null/unsaid";

Conninfo parsed(const std::string& text) {
  char* message = nullptr;
  Conninfo options(PQconninfoParse(text.c_str(), &message), PQconninfoFree);
  if (options == nullptr) {
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, PQfreemem);
    throw std::runtime_error(message != nullptr ? message : "out of memory");
  }
  return options;
}

const char* value_of(const PQconninfoOption* options, std::string_view keyword) {
  for (; options->keyword != nullptr; ++options) {
    if (options->keyword == keyword && options->val != nullptr && *options->val != '\0') return options->val;
  }
  return nullptr;
}

/// What libpq makes of the options and the service that they name. One of them, `spoiled`, has a value that libpq
/// refuses before it connects: there is no other way to have it read a service's file and do nothing else.
Conninfo with_service(const PQconninfoOption* options, const char* spoiled) {
  std::vector<const char*> names{spoiled};
  std::vector<const char*> values{"no such value"};
  for (; options->keyword != nullptr; ++options) {
    if (options->val == nullptr || std::string_view(options->keyword) == spoiled) continue;
    names.push_back(options->keyword);
    values.push_back(options->val);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectStartParams(names.data(), values.data(), 0),
                                                                PQfinish);
  if (connection == nullptr) throw std::bad_alloc();
  Conninfo whole(PQconninfo(connection.get()), PQconninfoFree);
  if (whole == nullptr) throw std::bad_alloc();
  // libpq has a port for all that it has read.
  if (value_of(whole.get(), "port") == nullptr) throw std::runtime_error(PQerrorMessage(connection.get()));
  return whole;
}

void take(Database& database, std::string_view keyword, const char* value) {
  if (value == nullptr || *value == '\0' || std::string_view(value) == unsaid || keyword == "service") return;
  if (keyword == "user") {
    database.user = value;
  } else if (keyword == "password") {
    database.password = value;
  } else if (keyword == "passfile") {
    database.passfile = value;
  } else {
    database.options.emplace_back(keyword, value);
    database.has_name = database.has_name || keyword == "dbname";
  }
}

}  // namespace

Database read_conninfo(const std::string& conninfo) {
  Database database;
  const Conninfo said = parsed(conninfo);
  database.says_password = value_of(said.get(), "password") != nullptr;
  if (value_of(said.get(), "service") == nullptr) {
    for (const PQconninfoOption* option = said.get(); option->keyword != nullptr; ++option) {
      take(database, option->keyword, option->val);
    }
  } else {
    // Where a service says nothing, libpq would put the account's name and files.
    for (const char* variable : {"PGUSER", "PGDATABASE", "PGPASSFILE"}) setenv(variable, unsaid, 1);
    const Conninfo whole = with_service(said.get(), "sslmode");
    const Conninfo again = with_service(said.get(), "target_session_attrs");
    for (const PQconninfoOption* option = whole.get(); option->keyword != nullptr; ++option) {
      const std::string_view keyword = option->keyword;
      take(database, keyword, keyword == "sslmode" ? value_of(again.get(), keyword) : option->val);
    }
    for (const char* variable : {"PGUSER", "PGDATABASE", "PGPASSFILE"}) unsetenv(variable);
  }
  server_places(database.options);
  return database;
}

void clear_libpq_environment() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("PG")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

}  // namespace connector::http
