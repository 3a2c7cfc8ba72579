#include "jobs/work.hpp"

#include <algorithm>
#include <new>

#include "core/base/error.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/time_limit.hpp"
#include "jobs/as_owner.hpp"
#include "jobs/conclusion.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace connector::jobs {

namespace {

using core::ErrorNumber;
using store::Failure;

/// Local errors that stay until somebody acts: a right that was revoked, a server, schema or type that was dropped.
bool is_permanent(int sqlerrcode) {
  return sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE || sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
         sqlerrcode == ERRCODE_UNDEFINED_SCHEMA;
}

/// A text of an error as it is kept, UTF-8: any length that a user's code may give it would be too much for a row.
std::string kept_text(const std::optional<std::string>& server) {
  constexpr std::size_t longest = 64 * 1024;
  if (!server) return {};
  const bool cut = server->size() > longest;
  const int length =
      cut ? pg_mbcliplen(server->data(), static_cast<int>(server->size()), longest) : static_cast<int>(server->size());
  std::string text = server->substr(0, static_cast<std::size_t>(length));
  try {
    text = pg::utf8_text(text);
  } catch (const core::Error&) {
    // A database of encoding SQL_ASCII, or a character that Unicode lacks.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return cut ? text + "..." : text;
}

Failure unexpected(std::string_view what) {
  return {static_cast<int>(ErrorNumber::unknown),
          "XX000",
          "unexpected exception in connector: " + std::string(what),
          "",
          "",
          false,
          false,
          {}};
}

}  // namespace

/// PostgreSQL's texts are in the database's encoding.
Failure failure_of(const pg::PgError& error) {
  const pg::ErrorFields& fields = error.fields();
  return {static_cast<int>(error.is_cancel() ? ErrorNumber::cancelled : ErrorNumber::cannot_load),
          unpack_sql_state(fields.sqlerrcode),
          kept_text(fields.message),
          kept_text(fields.detail),
          kept_text(fields.hint),
          is_permanent(fields.sqlerrcode),
          false,
          {}};
}

core::Error run_too_long() {
  return core::Error(ErrorNumber::timed_out, "the run took longer than connector.statement_timeout allows",
                     "It was not the remote that it waited for, but a lock, or code that belongs to the table.",
                     "Look at triggers, checks, index expressions and types of the table, and at who locks it.");
}

WorkEnd do_work(Oid role, const std::function<void()>& work, const core::Error& too_long) {
  WorkEnd end;
  std::optional<pg::TimeLimit> limit;
  try {
    // What waits for the remote knows the limit and can say more when it has passed: it comes first.
    const std::chrono::seconds longest = statement_timeout_of(role);
    limit.emplace(longest.count() == 0 ? longest : longest + std::chrono::seconds(2));
    pg::in_subtransaction([&] {
      try {
        work();
      } catch (const core::Interrupted&) {
        // Here, so that the request to stop is answered, and what comes next may wait again.
        pg::guard([] { CHECK_FOR_INTERRUPTS(); });
        throw;
      }
    });
  } catch (const core::Error& error) {
    end.failure = jobs::failure_of(error);
  } catch (const pg::PgError& error) {
    if (error.is_cancel() && limit && limit->passed()) {
      end.failure = jobs::failure_of(too_long);
    } else {
      end.failure = failure_of(error);
      if (error.is_cancel()) end.cancelled = error;
    }
  } catch (const std::bad_alloc&) {
    end.failure = {static_cast<int>(ErrorNumber::unknown), "53200", "out of memory", "", "", false, false, {}};
  } catch (const std::exception& error) {
    end.failure = unexpected(error.what());
  }
  return end;
}

void fire_deferred_triggers() {
  pg::execute("SET CONSTRAINTS ALL IMMEDIATE");
}

}  // namespace connector::jobs
