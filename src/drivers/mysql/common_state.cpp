#include "drivers/mysql/common_state.hpp"

#include <map>
#include <utility>

#include "core/base/utf8.hpp"
#include "drivers/mysql/catalog.hpp"
#include "drivers/mysql/catalog_rows.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/errors.hpp"

namespace connector::mysql {

namespace {

using core::Phase;

enum class Way : char { binary_log = 'b', lock = 'l' };

/// What a token is of: the way and what place_of_rows() gave, with the binary log the server alone.
std::string token_of(Way way, std::string_view place) {
  return static_cast<char>(way) + std::string(place);
}

bool is_of(std::string_view token, Way way) {
  return token.starts_with(static_cast<char>(way));
}

using Variables = std::map<std::string, std::string, std::less<>>;

/// Names and values of SHOW STATUS or SHOW VARIABLES; names in lower case.
Variables shown(Session& session, const std::string& what, const std::string& names) {
  Variables variables;
  for (const TextRow& row :
       session.query("SHOW " + what + " WHERE Variable_name IN (" + names + ")", Phase::describe, 100)) {
    variables[core::lower_ascii(text(row[0]))] = text(row[1]);
  }
  return variables;
}

bool is_on(const Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  return found != variables.end() && found->second != "OFF" && found->second != "0";
}

/// `file:position` of the snapshot that the session has, or of this moment; empty if the server does not tell.
std::string binary_log_position(Session& session) {
  const Variables status = shown(session, "STATUS", "'Binlog_snapshot_file', 'Binlog_snapshot_position'");
  const auto file = status.find("binlog_snapshot_file"), position = status.find("binlog_snapshot_position");
  if (file == status.end() || position == status.end() || file->second.empty()) return {};
  return file->second + ':' + position->second;
}

/// The position of the snapshot that the session has. The server puts it where it puts that of every other session
/// before it is sent: of the sessions that join one asks at a time, and twice, for the sake of others that ask for the
/// server's status (with three of them at once, five of 6000 positions were another session's; MariaDB 10.11).
std::string snapshot_position(Session& session) {
  constexpr int most_tries = 10;
  const std::string lock = "'connector.binlog_snapshot'";
  const std::vector<TextRow> got = session.query("SELECT GET_LOCK(" + lock + ", 10)", Phase::describe, 1);
  if (got.empty() || got[0][0] != "1") return {};
  std::string position = binary_log_position(session);
  bool is_certain = false;
  for (int i = 0; i < most_tries && !is_certain; ++i) {
    std::string again = binary_log_position(session);
    is_certain = again == position;
    position = std::move(again);
  }
  session.query("SELECT RELEASE_LOCK(" + lock + ")", Phase::describe, 1);
  return is_certain ? position : "";
}

/// Whether every commit moves the position, and at the moment in which others begin to see it.
/// - That of an XA transaction comes behind its move (two of 10,000 pairs of snapshots of one position differed;
/// MariaDB
///   10.11).
/// - What a replica gets from another server may be left out of its own log.
/// - What an administrator leaves out, by sql_log_bin or binlog_ignore_db, is not told to others.
bool logs_all_commits(Session& session) {
  const Variables status = shown(session, "GLOBAL STATUS", "'Slaves_running', 'Com_xa_commit'");
  if (is_on(status, "com_xa_commit")) return false;
  const Variables settings = shown(session, "VARIABLES", "'log_slave_updates', 'log_replica_updates', 'wsrep_on'");
  if (is_on(settings, "log_slave_updates") || is_on(settings, "log_replica_updates")) return true;
  return session.version().is_mariadb && !is_on(settings, "wsrep_on") && !is_on(status, "slaves_running");
}

constexpr std::string_view cannot_join = "could not read the state of the table that another connection reads";

/// Which server reads the table for this session, and when that table was made.
/// - What lies between the two may lead statements that lock, those that read and read-only transactions to different
///   servers, as MaxScale and ProxySQL can.
/// - InnoDB notices itself that a definition has changed behind the snapshot (error 1412), if a row is read; but not
///   that another table has been given the name (tried on MariaDB 10.11, MySQL 5.6 and 9.7).
std::string place_of_rows(Session& session, std::string_view schema, std::string_view table, std::string_view summary) {
  // COUNT(*) gives a row of an empty table as well.
  const std::vector<TextRow> rows = session.query(
      std::string("SELECT ") + server_identity_sql +
          ", (SELECT CREATE_TIME FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quote_literal(schema) +
          " AND TABLE_NAME = " + quote_literal(table) + "), COUNT(*) FROM (SELECT 1 FROM " +
          quote_table(schema, table) + " LIMIT 1) AS one_row",
      Phase::describe, 1, summary);
  if (rows.empty()) throw_malformed("the server does not tell which one it is");
  return text(rows[0][0]) + ' ' + text(rows[0][1]);
}

/// Whether statements that read come to the session of the server that has the lock: that one refuses tables by names
/// that were not locked ("LOCK TABLES and UNLOCK TABLES Statements").
bool reads_where_it_locks(Session& session, const std::string& table) {
  try {
    session.query("SELECT 1 FROM " + table + " AS not_locked LIMIT 0", Phase::describe, 0);
  } catch (const core::Error&) {
    if (!session.usable()) throw;
    return is_not_locked(native_error(session.handle()).code);
  }
  return false;
}

/// - autocommit = 0: else only the server locks the table, not InnoDB ("LOCK TABLES and Transactions"), and MySQL 5.6
///   does not wait for transactions that have written to it. From MySQL 5.7 on and in MariaDB 10.11 these keep others
///   from locking it anyway, and go on while somebody waits for the lock (tried on MariaDB 10.11, MySQL 5.6 and 9.7).
/// - The server looks at innodb_lock_wait_timeout once a second, so it may take two.
/// - wait_timeout: a program that stands still does not keep the lock. Others join within a second.
constexpr const char* locking_settings =
    "SET autocommit = 0, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, innodb_table_locks = 1, "
    "wait_timeout = 3";
constexpr const char* usual_settings =
    "SET autocommit = 1, lock_wait_timeout = DEFAULT, innodb_lock_wait_timeout = DEFAULT, innodb_table_locks = "
    "DEFAULT, wait_timeout = 86400";

[[noreturn]] void fail_to_join(std::string_view why) {
  throw core::remote_error({.provider = "mysql",
                            .phase = Phase::describe,
                            .number = core::ErrorNumber::cannot_read,
                            .summary = cannot_join,
                            .remote_message = why});
}

core::StateOffer lock_table(Session& session, std::string_view schema, std::string_view table) {
  const std::string name = quote_table(schema, table);
  std::string why_not;
  try {
    session.execute(locking_settings, Phase::describe);
    constexpr std::string_view summary = "could not lock the table against writers";
    session.query("LOCK TABLES " + name + " READ", Phase::describe, 0, summary);
    if (reads_where_it_locks(session, name)) {
      return {.token = token_of(Way::lock, place_of_rows(session, schema, table, summary)), .holds_up_writers = true};
    }
    why_not = "statements that read are led to another server than those that lock";
  } catch (const core::Error& error) {
    if (!session.usable()) throw;
    const unsigned code = native_error(session.handle()).code;
    why_not = error.message();
    if (is_lock_timeout(code)) {
      why_not = "the table could not be locked within a second, as others write to it or change it";
    } else if (lacks_privilege(code)) {
      why_not = "the account does not have the privilege LOCK TABLES";
    }
  }
  unlock_tables(session);
  return {.why_not = why_not};
}

}  // namespace

core::StateOffer offer_state(Session& session, std::string_view schema, std::string_view table, int way, bool& locks) {
  locks = false;
  if (!session.version().at_least(50605, 100001)) {
    return {.why_not = "the server is older than MySQL 5.6.5 and MariaDB 10.0.1"};
  }
  session.convert_results(true);
  if (!is_of_innodb(session, schema, table)) return {.why_not = "only InnoDB keeps a state of a table's rows"};
  const bool has_log = !binary_log_position(session).empty() && logs_all_commits(session);
  if (has_log && way == 0) return {.token = token_of(Way::binary_log, session.server_identity())};
  if (way != (has_log ? 1 : 0)) return {.why_not = "there is no other way"};
  core::StateOffer offer = lock_table(session, schema, table);
  locks = offer.why_not.empty();
  return offer;
}

std::string join_state(Session& session, std::string_view token) {
  // While the table is locked nothing else is done: each answer of a distant server keeps others from writing.
  session.join_state();
  if (!is_of(token, Way::binary_log)) return {};
  session.convert_results(true);
  std::string mark = snapshot_position(session);
  if (mark.empty()) fail_to_join("the server does not tell the position in its binary log");
  if (!logs_all_commits(session)) fail_to_join("commits may come that its binary log does not tell apart");
  return mark;
}

void begin_to_read(Session& session, std::string_view token, std::string_view schema, std::string_view table) {
  session.convert_results(true);
  // Who wants to change the table's definition waits for those that have read it, and whoever reads it first after that
  // waits for him: of two connections to one end, neither may wait for long.
  session.execute("SET lock_wait_timeout = 1", Phase::describe);
  // From here on nobody can change it.
  const std::string place = place_of_rows(session, schema, table, cannot_join);
  session.check_state();
  // Every change of every table has a place in the log: it is no matter which table has the name.
  const std::string_view offered = token.substr(1);
  const bool is_same = is_of(token, Way::binary_log) ? place.starts_with(std::string(offered) + ' ') : place == offered;
  if (!is_same) fail_to_join("the connections lead to different servers, or the table is another one by now");
}

void unlock_tables(Session& session) {
  session.execute("UNLOCK TABLES", Phase::describe);
  session.execute(usual_settings, Phase::describe);
}

}  // namespace connector::mysql
