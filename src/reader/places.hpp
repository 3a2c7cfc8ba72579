// How many processes connector-reader there are, and whose: each has a place, a lock on a byte of a file, which ends
// with the backend that holds it. Needs no shared memory, and nothing to clean up.
#pragma once

#include "core/remote/reader_rules.hpp"
#include "core/net/descriptor.hpp"

namespace connector::reader {

/// Takes a place as the rules say; it is given back with the descriptor. Throws core::Error (too_many_concurrent) if
/// none is free, or (cannot_connect) if the file can't be opened.
core::Descriptor take_place(const core::ReaderRules& rules);

}  // namespace connector::reader
