#include "core/remote/source.hpp"

#include <utility>

namespace connector::core {

SourceDescription joined_description(std::span<Source* const> parts) {
  SourceDescription joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (RemoteColumn column : parts[i]->description().columns) {
      column.not_null = column.not_null && i == 0;
      joined.columns.push_back(std::move(column));
    }
  }
  return joined;
}

}  // namespace connector::core
