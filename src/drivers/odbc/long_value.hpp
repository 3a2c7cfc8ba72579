// A value that is asked for piece by piece.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "drivers/odbc/types.hpp"

namespace connector::odbc {

/// Collects values one after the other in one buffer.
class LongValue {
 public:
  /// Asks for the next piece of the value: room for so many bytes, and the length that the driver tells. Returns
  /// SQL_SUCCESS, SQL_SUCCESS_WITH_INFO or SQL_NO_DATA.
  using Get = std::function<SQLRETURN(char* to, SQLLEN room, SQLLEN& length)>;

  enum class Fault {
    none,
    no_length,     ///< the driver told none, or one that can't be
    wrong_length,  ///< the pieces do not add up to what was told
    too_large      ///< larger than any value may be: size() tells how large at least
  };

  /// Reads a value of up to `most_bytes`. The bytes of the former one are no longer there.
  Fault read(const Reading& column, std::size_t most_bytes, const Get& get);

  bool is_null() const noexcept { return is_null_; }
  std::size_t size() const noexcept { return size_; }
  std::string_view bytes() const noexcept { return {memory_.get(), size_}; }

 private:
  struct Free {
    void operator()(char* memory) const noexcept { std::free(memory); }
  };

  void resize(std::size_t capacity);

  std::unique_ptr<char, Free> memory_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  bool is_null_ = false;
};

}  // namespace connector::odbc
