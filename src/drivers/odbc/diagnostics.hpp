// What a call of the driver said of itself: its diagnostic records, and the errors made of them.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/remote/secret_mask.hpp"

namespace connector::odbc {

/// One diagnostic record.
struct Diagnostic {
  std::string sqlstate;  ///< five characters, or what the driver has there
  long native_code = 0;  ///< the server's or driver's own number
  std::string message;   ///< UTF-8, without the parts in brackets that name driver and manager

  bool operator==(const Diagnostic&) const = default;
};

/// All records of a handle, in order: however many (up to some thousands) and however long.
std::vector<Diagnostic> diagnostics(SQLSMALLINT handle_type, SQLHANDLE handle);

/// What a call was made for: how its error begins.
struct Task {
  core::Phase phase;
  std::string_view summary;  ///< `could not read table "t"`; outlives the task
};

/// Takes secrets out of the driver's words before anybody sees them.
using Mask = core::SecretMask;

/// The Error for a call that failed: the first record as the remote's message, number and SQLSTATE, all others in the
/// DETAIL. `call`: the name of the function, told where the driver leaves no record.
core::Error call_error(SQLSMALLINT handle_type, SQLHANDLE handle, const Task& task, const Mask& mask,
                       std::string_view call = {});

/// The same for records that were read before.
core::Error diagnosed_error(std::span<const Diagnostic> records, const Task& task, const Mask& mask,
                            std::string_view call = {});

/// Whether the records say that the connection is lost: SQLSTATE class 08.
bool is_lost(std::span<const Diagnostic> records) noexcept;

/// A driver's message without `[Vendor][Driver]` before it.
std::string_view without_names(std::string_view message) noexcept;

}  // namespace connector::odbc
