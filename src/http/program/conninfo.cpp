#include "http/program/conninfo.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/utf8.hpp"
#include "http/program/usage_error.hpp"

namespace connector::http {

namespace {

constexpr std::size_t most_bytes = 64 * 1024;

Database taken_apart(const std::string& text, const std::string& where) {
  try {
    return read_conninfo(text);
  } catch (const std::runtime_error& error) {
    // libpq quotes what it does not understand.
    const bool secret = core::lower_ascii(text).find("password") != std::string::npos || text.find("://") != text.npos;
    std::string why = secret ? "libpq does not understand it" : error.what();
    while (!why.empty() && why.back() == '\n') why.pop_back();
    throw UsageError("wrong " + where + ": " + why);
  }
}

void require_name(const Database& database, const std::string& where) {
  if (!database.has_name) throw UsageError(where + " must name the database, as dbname=NAME");
}

std::string words_of_errno() {
  return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

Database conninfo_of_argument(const std::string& text) {
  Database database = taken_apart(text, "CONNINFO");
  if (database.says_password) {
    throw UsageError(
        "CONNINFO must not hold a password, which everybody on the machine would see: "
        "use passfile=FILE in it, or --conninfo-file FILE");
  }
  require_name(database, "CONNINFO");
  return database;
}

Database conninfo_of_file(const std::string& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw std::runtime_error("can't open " + file + ": " + words_of_errno());
  struct stat state {};
  std::string text(most_bytes, '\0');
  std::size_t length = 0;
  ssize_t count = fstat(descriptor, &state) == 0 ? 1 : -1;
  while (count > 0 && length < text.size()) {
    count = read(descriptor, text.data() + length, text.size() - length);
    if (count > 0) length += static_cast<std::size_t>(count);
  }
  const std::string why = words_of_errno();
  close(descriptor);
  if (count < 0) throw std::runtime_error("can't read " + file + ": " + why);
  if (count > 0) throw UsageError(file + " is too long for a CONNINFO");
  text.resize(length);
  Database database = taken_apart(text, "CONNINFO in " + file);
  if (database.says_password && (state.st_mode & S_IROTH) != 0) {
    throw std::runtime_error(file + " holds a password and can be read by everybody: use chmod 600");
  }
  require_name(database, "CONNINFO in " + file);
  return database;
}

}  // namespace connector::http
