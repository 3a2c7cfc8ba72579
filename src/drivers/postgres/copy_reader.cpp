#include "drivers/postgres/copy_reader.hpp"

#include "drivers/postgres/errors.hpp"

namespace connector::postgres {

bool CopyReader::fill(core::RowBatch& batch) {
  while (!batch.full()) {
    if (decoder_.at_end()) {
      if (!rest_.empty()) throw_malformed("the server sends something behind its rows");
      return false;
    }
    if (rest_.size() < decoder_.needed()) return false;
    rest_ = rest_.subspan(decoder_.decode(rest_, batch));
  }
  return true;
}

/// PostgreSQL sends each row in a message of its own, but need not.
void CopyReader::add(std::span<const unsigned char> bytes) {
  if (rest_.empty()) {
    if (!pieces_.empty()) pieces_ = {};
    rest_ = bytes;
    return;
  }
  if (pieces_.empty()) {
    pieces_.assign(rest_.begin(), rest_.end());
  } else {
    pieces_.erase(pieces_.begin(), pieces_.end() - static_cast<std::ptrdiff_t>(rest_.size()));
  }
  pieces_.insert(pieces_.end(), bytes.begin(), bytes.end());
  rest_ = pieces_;
}

void CopyReader::finish() const {
  if (!decoder_.at_end() || !rest_.empty()) throw_malformed("the rows of the server end too early");
}

}  // namespace connector::postgres
