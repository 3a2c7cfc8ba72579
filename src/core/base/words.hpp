// The words of an enumeration, listed once.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace connector::core {

template <typename Value>
struct Word {
  Value value;
  std::string_view word;
};

/// A word for each value of an enumeration that counts from 0. Made as a constant, by words().
template <typename Value, std::size_t count>
class Words {
 public:
  constexpr explicit Words(const Word<Value> (&list)[count]) {
    for (std::size_t i = 0; i < count; ++i) {
      // In a constant this does not compile.
      if (static_cast<std::size_t>(list[i].value) != i) throw "the words stand in another order than the values";
      words_[i] = list[i].word;
    }
  }

  constexpr std::string_view of(Value value) const noexcept { return words_[static_cast<std::size_t>(value)]; }
  constexpr std::optional<Value> find(std::string_view word) const noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (words_[i] == word) return static_cast<Value>(i);
    }
    return std::nullopt;
  }
  /// In the values' order.
  constexpr std::span<const std::string_view> all() const noexcept { return words_; }

 private:
  std::array<std::string_view, count> words_{};
};

/// `constexpr auto side_words = words<Side>({{Side::left, "left"}, {Side::right, "right"}});`
template <typename Value, std::size_t count>
constexpr Words<Value, count> words(const Word<Value> (&list)[count]) {
  return Words<Value, count>(list);
}

}  // namespace connector::core
