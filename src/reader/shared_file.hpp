// The file through which rows go: memory that both processes have, see row_stream.hpp.
#pragma once

#include <cstddef>

#include "core/net/descriptor.hpp"

namespace connector::reader {

/// A new one of file_bytes, whose pages are there and whose size nobody can change any more. Throws core::Error
/// (cannot_connect).
core::Descriptor make_shared_file();

/// Copies what slot `slot` begins with to `to`. The backend does not map the file: so whatever the other process does
/// to it, there is neither a signal nor a value that changes between a look at it and its use. False if the file is not
/// as long as it was.
bool copy_slot(const core::Descriptor& file, std::size_t slot, std::size_t bytes, char* to) noexcept;

}  // namespace connector::reader
