#include "reader/places.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "core/base/error.hpp"

namespace connector::reader {

namespace {

/// Places of all are the first bytes of the file, those of roles are behind: more than a setting can ask for.
constexpr off_t most_places = 65536;

/// Takes one of `count` bytes from `first` on.
bool lock_one(int file, off_t first, int count) noexcept {
  for (off_t place = 0; place < count; ++place) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = first + place;
    lock.l_len = 1;
    // Of the open file, not of the process: a process has several readers.
    if (fcntl(file, F_OFD_SETLK, &lock) == 0) return true;
  }
  return false;
}

core::Error none_free(std::string_view whose, std::string_view setting, int most) {
  return {core::ErrorNumber::too_many_concurrent, "too many reader processes" + std::string(whose),
          "The setting " + std::string(setting) + " allows " + std::to_string(most) + ".",
          "Wait until others have ended; cdb_foreign_disconnect() ends those that a session keeps for foreign tables. "
          "Or ask an administrator to raise the setting."};
}

}  // namespace

core::Descriptor take_place(const core::ReaderRules& rules) {
  if (rules.places_file.empty()) return core::Descriptor();
  core::Descriptor file(open(rules.places_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (file.get() < 0) {
    throw core::Error(core::ErrorNumber::cannot_connect,
                      "could not open file \"" + rules.places_file + "\": " + std::generic_category().message(errno));
  }
  const off_t of_role = most_places * (off_t{1} + rules.role);
  if (rules.most_of_role > 0 && !lock_one(file.get(), of_role, rules.most_of_role)) {
    throw none_free(" of this role", "connector.max_readers_per_role", rules.most_of_role);
  }
  if (rules.most_processes > 0 && !lock_one(file.get(), 0, rules.most_processes)) {
    throw none_free("", "connector.max_reader_processes", rules.most_processes);
  }
  return file;
}

}  // namespace connector::reader
