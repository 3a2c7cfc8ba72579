// What a driver says beside the rows.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <span>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/odbc/diagnostics.hpp"

namespace connector::odbc {

class FetchWarnings {
 public:
  /// Reads and counts the records of the statement's last call. That a value did not fit in its buffer is no warning:
  /// it is asked for again.
  void note(SQLHSTMT statement, const Mask& mask);

  /// One entry for each message; of more messages than some tens only the number.
  std::vector<core::RemoteWarning> list() const;

 private:
  std::vector<core::RemoteWarning> known_;
  std::uint64_t others_ = 0;
};

}  // namespace connector::odbc
