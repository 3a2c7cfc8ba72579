#include "api/work.hpp"

#include <new>

#include "core/error.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "sync/settle.hpp"

namespace connector::api {

namespace {

using core::ErrorNumber;
using sync::Failure;

/// Local errors that stay until somebody acts: a right that was revoked, a server, schema or type that was dropped.
bool is_permanent(int sqlerrcode) {
  return sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE || sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
         sqlerrcode == ERRCODE_UNDEFINED_SCHEMA;
}

/// PostgreSQL's texts are in the database's encoding.
Failure failure_of(const pg::PgError& error, ErrorNumber number) {
  const auto text = [](const std::optional<std::string>& field) {
    return field ? pg::utf8_text(std::string_view(*field)) : std::string();
  };
  const pg::ErrorFields& fields = error.fields();
  return {static_cast<int>(number), unpack_sql_state(fields.sqlerrcode), text(fields.message), text(fields.detail),
          text(fields.hint),        is_permanent(fields.sqlerrcode)};
}

bool is_cancel(const pg::PgError& error) {
  return ERRCODE_TO_CATEGORY(error.sqlerrcode()) == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION);
}

}  // namespace

WorkEnd do_work(const std::function<void()>& work) {
  WorkEnd end;
  try {
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
    end.failure = sync::failure_of(error);
  } catch (const pg::PgError& error) {
    end.failure = failure_of(error, is_cancel(error) ? ErrorNumber::unknown : ErrorNumber::cannot_load);
    if (is_cancel(error)) end.cancelled = error;
  } catch (const std::bad_alloc&) {
    end.failure = {static_cast<int>(ErrorNumber::unknown), "53200", "out of memory", "", "", false};
  }
  return end;
}

void fire_deferred_triggers() {
  pg::execute("SET CONSTRAINTS ALL IMMEDIATE");
}

}  // namespace connector::api
