#include "fdw/lookup/outer_rows.hpp"

namespace connector::fdw {

void OuterRows::make_chains(std::size_t begin, std::size_t end) {
  chains_.reset(end - begin);
  // What is put last is found first.
  for (std::size_t i = end; i > begin; --i) {
    const OuterRow& row = rows_[i - 1];
    if (row.has_keys) chains_.put(static_cast<std::uint32_t>(i - 1), row.hash);
  }
}

}  // namespace connector::fdw
