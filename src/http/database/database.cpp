#include "http/database/database.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace connector::http {

Database read_conninfo(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(conninfo.c_str(), &message),
                                                                            PQconninfoFree);
  if (parsed == nullptr) {
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, PQfreemem);
    throw std::runtime_error(message != nullptr ? message : "out of memory");
  }
  Database database;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "user") {
      database.user = option->val;
    } else if (keyword == "password") {
      database.password = option->val;
    } else if (keyword == "passfile") {
      database.passfile = option->val;
    } else {
      database.options.emplace_back(keyword, option->val);
    }
  }
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
