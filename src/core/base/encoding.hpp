// PostgreSQL's encoding names, without PostgreSQL.
#pragma once

#include <optional>
#include <string_view>

namespace connector::core {

/// The canonical name ("LATIN1") of an encoding name or alias in any spelling PostgreSQL takes ("iso88591",
/// "ISO_8859-1"), or nothing if there is no such encoding. From the table of PostgreSQL's documentation, chapter
/// "Character Set Support", and the alias list of src/common/encnames.c.
std::optional<std::string_view> canonical_encoding(std::string_view name) noexcept;

}  // namespace connector::core
