// Reading the members of a JSON object of a request, and collecting everything that is wrong with them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/remote/provider.hpp"

namespace connector::core {

/// All that is wrong with a request, reported together.
class Problems {
 public:
  /// `key` with the path to it, "connection.port"; `what` is a whole sentence.
  void add(std::string key, std::string_view what);
  /// A hint, whole sentences, that says more than that the parameters can be looked up.
  void advise(std::string_view hint);
  /// Whether something is wrong with this key.
  bool has(std::string_view key) const;
  bool empty() const noexcept { return keys_.empty(); }
  /// Whether one more problem would be worded; beyond that they are only counted.
  bool tells() const noexcept { return count_ < max_told; }
  /// Throws Error (invalid_parameters) if there are problems: `subject` and the keys in the message, a line for each
  /// problem in the detail; `hint` if nobody advised anything. Error::parameter() is the first of the keys.
  void throw_if_any(std::string_view subject, std::string hint) const;

 private:
  static constexpr std::size_t max_told = 100;

  std::vector<std::string> keys_;  // without duplicates, in order
  std::set<std::string, std::less<>> known_;
  std::string lines_;
  std::vector<std::string> hints_;  // without duplicates
  std::size_t count_ = 0;
};

/// The name among `known` that `word` was probably meant to be, or nothing if none is near.
std::optional<std::string_view> nearest_name(std::string_view word, std::span<const std::string_view> known);

/// `"a", "b" or "c"`.
std::string alternatives(std::span<const std::string_view> names);

/// True if there is nothing but spaces.
bool is_blank(std::string_view text) noexcept;

/// `an integer from 1 to 65535`.
std::string integer_range(std::int64_t least, std::int64_t most);

/// The number that `text` spells with nothing but digits.
std::optional<std::int64_t> whole_number(std::string_view text) noexcept;

/// Reads the members of one object by lower-case key. Every reading function reports a value of the wrong type and
/// returns nothing then; JSON null, and a blank text where not said otherwise, count as absent.
class ObjectReader {
 public:
  /// `prefix` goes before the keys in messages ("connection."). Reports duplicate keys and texts with U+0000, which
  /// PostgreSQL can't hold; objects inside are left to their own readers, or to report_nul().
  ObjectReader(const JsonValue& object, std::string prefix, Problems& problems);

  std::string path(std::string_view key) const { return prefix_ + std::string(key); }

  /// The value of `key` whatever its type, null excepted.
  const JsonValue* value(std::string_view key) const;
  /// Reports that `value`, that of `key`, is not what it must be: `wanted`, "a string".
  void wrong_type(std::string_view key, const JsonValue& value, std::string_view wanted) const;
  /// Reports `value`, that of `key`, if there is U+0000 anywhere inside; says whether it did.
  bool report_nul(std::string_view key, const JsonValue& value) const;
  std::optional<std::string> string(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  /// The index of the value in `choices`.
  std::optional<std::size_t> choice(std::string_view key, std::span<const std::string_view> choices) const;

  /// Reports each key that is not among `known`. `elsewhere` are keys of another place, called `place` ("in
  /// \"connection\"").
  void report_unknown(std::span<const std::string_view> known, std::span<const std::string_view> elsewhere,
                      std::string_view place) const;

 private:
  const JsonValue& object_;
  std::string prefix_;
  Problems& problems_;
};

}  // namespace connector::core
