#include "drivers/postgres/connect.hpp"

#include "core/remote/connect_session.hpp"
#include "drivers/postgres/sql_text.hpp"

namespace connector::postgres {

namespace {

constexpr Task beginning{core::Phase::connect, "could not set up the session"};

/// One call of set_config() for the transaction.
std::string setting(std::string_view name, std::string_view value) {
  return "pg_catalog.set_config(" + quote_literal(name) + ", " + quote_literal(value) + ", true)";
}

/// The settings of the remote role or database may differ from the defaults: what we rely on is set.
std::string settings(const Session& session, std::chrono::milliseconds lock_timeout) {
  const int version = session.version();
  // The local limit covers the whole run and comes first; the remote one is for the case that nobody is left to
  // enforce the local one. PostgreSQL counts milliseconds.
  const long long seconds = session.login().statement_timeout.count();
  const std::string limit = std::to_string(seconds > 0 ? (seconds + 60) * 1000 : 0);
  std::string calls = setting("client_encoding", usual_encoding(session)) + ", " + setting("TimeZone", "UTC") + ", " +
                      setting("DateStyle", "ISO") + ", " + setting("IntervalStyle", "postgres") + ", " +
                      setting("extra_float_digits", "3") + ", " + setting("bytea_output", "hex") + ", " +
                      setting("quote_all_identifiers", "off") + ", " +
                      setting("lock_timeout", std::to_string(lock_timeout.count())) + ", " +
                      setting("statement_timeout", limit);
  // A pause of ours (locks, checkpoints) must not end the transaction.
  if (version >= 90600) calls += ", " + setting("idle_in_transaction_session_timeout", "0");
  if (version >= 170000) calls += ", " + setting("transaction_timeout", "0");
  // A server that computes notices by this that we are gone, even if it can't be told. Only some systems can do it.
  if (version >= 140000) {
    calls += ", CASE WHEN pg_catalog.version() OPERATOR(pg_catalog.~) 'linux' THEN " +
             setting("client_connection_check_interval", "1000") + " END";
  }
  return calls;
}

std::string text(const TextRow& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : std::string();
}

}  // namespace

std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login) {
  const auto dial = [&](const core::Address& address, core::Deadline until) {
    return std::make_unique<Session>(login, address, request.wait, until);
  };
  return core::connect_session(request, "postgres", login, dial);
}

TransactionFacts begin_transaction(Session& session, const TransactionBegin& begin) {
  if (session.snapshot()) return {.money_digits = session.snapshot()->money_digits};
  session.begins_transaction();
  const std::string before = session.in_transaction() ? "ROLLBACK; " : "";
  const auto answers =
      session.run(before + "BEGIN ISOLATION LEVEL " + std::string(begin.isolation) + " READ ONLY; " +
                      std::string(begin.first) + "SELECT a.backend_start, '1'::pg_catalog.money::pg_catalog.numeric, " +
                      std::string(begin.value) + ", " + settings(session, begin.lock_timeout) +
                      " FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a",
                  beginning);
  // Statements in front may have rows as well.
  if (answers.empty() || answers.back().size() != 1)
    throw_malformed("the server does not tell of its own session", beginning.phase, beginning.summary);
  const TextRow& row = answers.back()[0];
  session.set_backend_start(text(row, 0));
  // `1.00`
  const std::string amount = text(row, 1);
  const auto point = amount.find('.');
  return {.money_digits = point == std::string::npos ? 0 : static_cast<int>(amount.size() - point - 1),
          .value = text(row, 2)};
}

std::string_view usual_encoding(const Session& session) {
  // In an SQL_ASCII database the server knows no encoding to convert from: for any other name it would only verify,
  // and end the statement at the first text that is not valid. The loader knows better what to do with that one.
  return session.server_encoding() == "SQL_ASCII" ? "SQL_ASCII" : "UTF8";
}

std::string set_search_path(SearchPath path) {
  if (path == SearchPath::catalog) return "SET LOCAL search_path = pg_catalog; ";
  // Of a description in the same transaction, see set_for_catalog().
  return "SET LOCAL search_path TO DEFAULT; SET LOCAL standard_conforming_strings TO DEFAULT; ";
}

}  // namespace connector::postgres
