#include "drivers/postgres/snapshot.hpp"

#include "core/remote/dialect.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/sql_text.hpp"
#include "drivers/postgres/savepoint.hpp"

namespace connector::postgres {

namespace {

constexpr Task beginning{core::Phase::execute, "could not begin a snapshot"};

/// Stands for a snapshot that only its own session can have.
constexpr std::string_view not_shared = "none";

/// The longest that a server has is of 26 characters (src/backend/utils/time/snapmgr.c, ExportSnapshot).
constexpr std::size_t max_name_size = 64;

bool is_snapshot_name(std::string_view text) noexcept {
  return text.size() <= max_name_size && core::consists_of(text, "0123456789ABCDEFabcdef-");
}

}  // namespace

std::string import_statement(const std::string& snapshot) {
  if (!is_snapshot_name(snapshot)) {
    throw_malformed("the server gives its snapshot no usable name", beginning.phase, beginning.summary);
  }
  return "SET TRANSACTION SNAPSHOT " + quote_literal(snapshot) + "; ";
}

namespace {

std::string share(Session& session, const std::string& snapshot) {
  if (snapshot == not_shared) {
    throw core::Error(core::ErrorNumber::cannot_read, "the server can't share a snapshot between two sessions",
                      "Provider postgres, phase execute. Two scans at once would see the rows of different moments.",
                      "Read one of the tables into a local one first.");
  }
  const std::string first = import_statement(snapshot);
  session.hold_snapshot(begin_transaction(session, {.first = first}).money_digits);
  return snapshot;
}

}  // namespace

std::string begin_snapshot(Session& session, const std::string& shared) {
  if (!shared.empty()) return share(session, shared);
  TransactionFacts facts;
  try {
    // A standby before 10 can't, nor can many that only speak the protocol, as poolers do.
    facts = begin_transaction(session, {.value = "pg_catalog.pg_export_snapshot()"});
  } catch (const core::Error&) {
    if (!session.usable()) throw;
    facts = begin_transaction(session);
    facts.value = not_shared;
  }
  session.hold_snapshot(facts.money_digits);
  return facts.value;
}

WithinSnapshot::WithinSnapshot(Session& session) : session_(session), is_open_(session.snapshot().has_value()) {
  if (is_open_) session_.run(savepoint::set, beginning);
}

WithinSnapshot::~WithinSnapshot() {
  if (is_open_) session_.leave_statement(false);
}

void WithinSnapshot::done() {
  if (is_open_) session_.run(savepoint::release, beginning);
  is_open_ = false;
}

}  // namespace connector::postgres
