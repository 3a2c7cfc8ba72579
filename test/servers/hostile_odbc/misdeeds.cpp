#include "misdeeds.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "handles.hpp"

extern char** environ;

namespace hostile {

namespace {

std::vector<std::string> members(const std::string& list) {
  std::vector<std::string> found;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) found.push_back(word);
  return found;
}

std::string value_of(const Connection& connection, const std::string& name) {
  const auto found = connection.attributes.find(name);
  return found == connection.attributes.end() ? std::string() : found->second;
}

SQLRETURN environment_as_error(Diagnosed& handle) {
  std::string all;
  for (char** entry = environ; *entry != nullptr; ++entry) all += std::string(all.empty() ? "" : "|") + *entry;
  return handle.fails("HY000", "environment: " + all);
}

SQLRETURN wait_for_cancel(Connection& connection, Diagnosed& handle) {
  using namespace std::chrono_literals;
  for (const int before = connection.cancels; connection.cancels == before;) std::this_thread::sleep_for(5ms);
  return handle.fails("HY008", "Operation canceled");
}

/// Tells whoever waits for it that the call does not return, by a file.
void mark(const Connection& connection, const std::string& what) {
  if (!what.starts_with("hang") && what != "spin" && what != "stop") return;
  const std::string file = value_of(connection, "mark");
  if (!file.empty()) close(open(file.c_str(), O_WRONLY | O_CREAT, 0644));
}

/// What a call answers with, if the misdeed is an answer.
std::optional<SQLRETURN> answer(Connection& connection, Diagnosed& handle, std::string_view what) {
  if (what == "hang_until_cancel") return wait_for_cancel(connection, handle);
  if (what == "error") return handle.fails("42000", "This is an error as any other");
  if (what == "error_without_records") return SQL_ERROR;
  if (what == "invalid_handle") return SQL_INVALID_HANDLE;
  if (what == "still_executing") return SQL_STILL_EXECUTING;
  if (what == "need_data") return SQL_NEED_DATA;
  if (what == "no_data") return SQL_NO_DATA;
  if (what == "odd_code") return 12345;
  if (what == "env") return environment_as_error(handle);
  if (what == "password_in_diagnostics") return handle.fails("HY000", "can't use " + connection.whole_string);
  if (what == "percent_in_diagnostics") return handle.fails("HY000", "%s%n%d {0} \x1b[31m \\ ");
  if (what == "endless_diagnostics" || what == "garbage_diagnostics") {
    (what[0] == 'e' ? handle.endless : handle.garbage) = true;
    return handle.fails("HY000", "There are more of these");
  }
  return std::nullopt;
}

}  // namespace

long Connection::number(const std::string& name, long otherwise) const {
  const std::string value = value_of(*this, name);
  return value.empty() ? otherwise : std::atol(value.c_str());
}

Misdeeds read_misdeeds(const Connection& connection) {
  const auto places = members(value_of(connection, "at"));
  const auto what = members(value_of(connection, "what"));
  Misdeeds found;
  for (std::size_t i = 0; i < places.size() && i < what.size(); ++i)
    found.push_back({places[i], what[i], connection.number("after", 0)});
  return found;
}

std::optional<SQLRETURN> misbehave(Connection& connection, Diagnosed& handle, std::string_view place) {
  for (auto& misdeed : connection.misdeeds) {
    if (misdeed.place != place || misdeed.passes-- > 0) continue;
    misdeed.passes = 0;
    mark(connection, misdeed.what);
    if (misdeed.what == "throw") throw std::runtime_error("an exception of the hostile driver");
    if (harm_process(misdeed.what)) continue;
    if (const auto given = answer(connection, handle, misdeed.what)) return given;
    return handle.fails("HY000", "No such misdeed: " + misdeed.what);
  }
  return std::nullopt;
}

bool lies(const Connection& connection, std::string_view how) {
  for (const auto& lie : members(value_of(connection, "lie")))
    if (lie == how) return true;
  return false;
}

}  // namespace hostile
