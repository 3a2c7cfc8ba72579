// What a server, and FreeTDS itself, say while a call of the library runs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace connector::sqlserver {

struct Message {
  bool from_server = false;  ///< else FreeTDS's own
  int number = 0;            ///< of sys.messages, or of FreeTDS's sybdb.h (SYBE…)
  int state = 0;
  int severity = 0;  ///< of the server: above 10 it is an error
  int line = 0;      ///< of the batch or procedure; 0 = not known
  int os_error = 0;  ///< errno, of FreeTDS's messages; 0 = none
  std::string text;
  std::string procedure;

  bool is_error() const noexcept { return !from_server || severity > 10; }
};

/// All messages of a call, in order; of a flood the first ones and how many there were.
class Messages {
 public:
  void clear() noexcept;
  /// Throws std::bad_alloc.
  void add(Message message);
  /// The error that tells why something failed: the server's first one, else FreeTDS's; null = there is none.
  const Message* error() const noexcept;
  /// True if the server reported an error.
  bool has_server_error() const noexcept;
  bool has(int number) const noexcept;
  /// The others, a line each, as they stand in the DETAIL.
  std::string others(const Message* except) const;

 private:
  static constexpr std::size_t max_kept = 50;
  static constexpr std::size_t max_text_bytes = 4000;

  std::vector<Message> kept_;
  std::size_t left_out_ = 0;
};

}  // namespace connector::sqlserver
