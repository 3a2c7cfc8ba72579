// Checking and converting text without raising errors for bad input.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <string_view>

namespace connector::pg {

/// Converts from one encoding to another, or only verifies where they are the same. Encodings are PostgreSQL's numbers
/// (pg_enc).
class TextConverter {
 public:
  /// Looks the conversion up; needs a transaction unless the encodings are the same. Throws core::Error (encoding) if
  /// PostgreSQL has none, or does not know an encoding.
  TextConverter(int from, int to);

  /// True if text needs no conversion, only verification.
  bool verifies_only() const noexcept { return procedure_ == InvalidOid; }

  /// True if `text` is valid in the source encoding and holds no NUL.
  bool valid(std::string_view text) const noexcept;

  /// Replaces `result` by the converted (or only verified) text. False if `text` is not valid, holds a NUL, or a
  /// character has no equivalent.
  bool convert(std::string_view text, std::string& result) const;

 private:
  int from_;
  int to_;
  Oid procedure_ = InvalidOid;
};

}  // namespace connector::pg
