// Bytes that nobody can guess, and what is done with secrets wherever they are kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace connector::http {

/// Throws std::runtime_error if there are none.
std::string random_bytes(std::size_t count);

/// SHA-256, 32 bytes. Of bytes that nobody can guess it may be kept: they can't be told from it.
std::string digest_of(std::string_view bytes);

/// Whether two digests are one; takes the same time for any that have the same length.
bool same_digest(std::string_view one, std::string_view other) noexcept;

/// Overwrites the text, so that it does not stay in memory.
void wipe(std::string& text) noexcept;

}  // namespace connector::http
