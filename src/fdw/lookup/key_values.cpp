#include "fdw/lookup/key_values.hpp"

#include <algorithm>

#include "pg/guard.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
}

namespace connector::fdw {

namespace {

/// Of a batch; chains grow if there are more.
constexpr std::size_t usual_count = 127;

}  // namespace

KeyValues::KeyValues(Oid type) : type_(type) {
  pg::guard([this] { get_typlenbyvalalign(type_, &length_, &by_value_, &alignment_); });
  clear();
}

void KeyValues::clear() {
  values_.clear();
  chains_.reset(usual_count);
  bytes_ = 0;
}

std::uint32_t KeyValues::add(Datum value, std::uint32_t hash, MemoryContext memory) {
  for (std::uint32_t i = chains_.find(hash, 0); i != 0; i = chains_.find(hash, i)) {
    if (datum_image_eq(values_[i - 1], value, by_value_, length_)) return i - 1;
  }
  if (length_ == -1) value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
  const MemoryContext outer = MemoryContextSwitchTo(memory);
  value = datumCopy(value, by_value_, length_);
  MemoryContextSwitchTo(outer);
  const auto number = static_cast<std::uint32_t>(values_.size());
  values_.push_back(value);
  chains_.put(number, hash);
  bytes_ += by_value_ ? sizeof(Datum) : datumGetSize(value, by_value_, length_);
  return number;
}

Datum KeyValues::array(const std::uint32_t* numbers, std::size_t count) const {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * std::max<std::size_t>(count, 1)));
  for (std::size_t i = 0; i < count; ++i) values[i] = values_[numbers[i]];
  ArrayType* array = construct_array(values, static_cast<int>(count), type_, length_, by_value_, alignment_);
  pfree(values);
  return PointerGetDatum(array);
}

}  // namespace connector::fdw
