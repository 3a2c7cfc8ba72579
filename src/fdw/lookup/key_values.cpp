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

constexpr std::size_t first_chains = 128;

}  // namespace

KeyValues::KeyValues(Oid type) : type_(type), chains_(first_chains) {
  pg::guard([this] { get_typlenbyvalalign(type_, &length_, &by_value_, &alignment_); });
}

void KeyValues::clear() noexcept {
  values_.clear();
  std::ranges::fill(chains_, 0);
  bytes_ = 0;
}

void KeyValues::grow() {
  chains_.assign(chains_.size() * 2, 0);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    std::uint32_t& head = chains_[values_[i].hash & (chains_.size() - 1)];
    values_[i].next = head;
    head = static_cast<std::uint32_t>(i + 1);
  }
}

std::uint32_t KeyValues::add(Datum value, std::uint32_t hash, MemoryContext memory) {
  for (std::uint32_t i = chains_[hash & (chains_.size() - 1)]; i != 0; i = values_[i - 1].next) {
    if (values_[i - 1].hash == hash && datum_image_eq(values_[i - 1].value, value, by_value_, length_)) return i - 1;
  }
  if (length_ == -1) value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
  const MemoryContext outer = MemoryContextSwitchTo(memory);
  value = datumCopy(value, by_value_, length_);
  MemoryContextSwitchTo(outer);
  std::uint32_t& head = chains_[hash & (chains_.size() - 1)];
  values_.push_back({value, hash, head});
  head = static_cast<std::uint32_t>(values_.size());
  bytes_ += by_value_ ? sizeof(Datum) : datumGetSize(value, by_value_, length_);
  const auto number = static_cast<std::uint32_t>(values_.size() - 1);
  if (values_.size() > chains_.size()) grow();
  return number;
}

Datum KeyValues::array(const std::uint32_t* numbers, std::size_t count) const {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * std::max<std::size_t>(count, 1)));
  for (std::size_t i = 0; i < count; ++i) values[i] = values_[numbers[i]].value;
  ArrayType* array = construct_array(values, static_cast<int>(count), type_, length_, by_value_, alignment_);
  pfree(values);
  return PointerGetDatum(array);
}

}  // namespace connector::fdw
