#include "reader/shared_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/error.hpp"
#include "reader/row_stream.hpp"

namespace connector::reader {

core::Descriptor make_shared_file() {
  core::Descriptor file(memfd_create("connector-rows", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const auto allocate = [&file] {
    int result;
    do {
      result = fallocate(file.get(), 0, 0, file_bytes);
    } while (result != 0 && errno == EINTR);
    return result == 0;
  };
  if (file.get() < 0 || !allocate() || fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    throw core::Error(core::ErrorNumber::cannot_connect, "could not make the memory for rows of the reader process: " +
                                                             std::generic_category().message(errno));
  }
  return file;
}

bool copy_slot(const core::Descriptor& file, std::size_t slot, std::size_t bytes, char* to) noexcept {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t count = pread(file.get(), to + done, bytes - done, static_cast<off_t>(slot * slot_bytes + done));
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (count == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace connector::reader
