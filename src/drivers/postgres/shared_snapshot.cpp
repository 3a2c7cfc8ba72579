#include "drivers/postgres/shared_snapshot.hpp"

#include <chrono>

#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/division.hpp"
#include "drivers/postgres/snapshot.hpp"

namespace connector::postgres {

namespace {

constexpr std::chrono::milliseconds lock_timeout{1000};

/// A plan locks all that it would read. LOCK TABLE asks for a right to all columns.
std::string lock_statements(const std::string& table) {
  return "SET LOCAL lock_timeout = " + std::to_string(lock_timeout.count()) + "; EXPLAIN SELECT 1 FROM " + table + "; ";
}

}  // namespace

core::StateOffer offer_snapshot(Session& session, const std::string& table) {
  if (session.snapshot()) return {.why_not = "the connection reads of a state of its own"};
  try {
    // In this level each statement has a snapshot of its own: the exported one is taken behind the locks. Since the
    // table was divided it may have been given what can't be read so. A standby before 10 can't export.
    const std::string first = lock_statements(table);
    const std::string value = "CASE WHEN " + is_divisible(session, table) + " THEN pg_catalog.pg_export_snapshot() END";
    const TransactionFacts facts = begin_transaction(
        session, {.isolation = "READ COMMITTED", .first = first, .value = value, .lock_timeout = lock_timeout});
    session.hold_snapshot(facts.money_digits);
    if (!facts.value.empty()) return {.token = facts.value + ' ' + table};
  } catch (const core::Error& error) {
    if (!session.usable()) throw;
    return {.why_not = error.message()};
  }
  session.end_snapshot();
  return {.why_not = "the table has become one that can't be read in parts"};
}

std::string join_snapshot(Session& session, const std::string& token) {
  if (session.snapshot()) session.end_snapshot();
  const auto blank = token.find(' ');
  const std::string table = blank == std::string::npos ? "" : token.substr(blank + 1);
  const std::string first = import_statement(token.substr(0, blank)) + lock_statements(table);
  // The list of transactions that were running may be long. Not md5(): OpenSSL may forbid it.
  const TransactionFacts facts = begin_transaction(
      session,
      {.first = first,
       .value = "(SELECT pg_catalog.concat(pg_catalog.pg_postmaster_start_time(), ' ', pg_catalog.hashtext(s.t), ' ', "
                "pg_catalog.\"left\"(s.t, 1000)) FROM (SELECT pg_catalog.txid_current_snapshot()::pg_catalog.text) "
                "AS s (t))",
       .lock_timeout = lock_timeout});
  session.hold_snapshot(facts.money_digits);
  return facts.value;
}

}  // namespace connector::postgres
