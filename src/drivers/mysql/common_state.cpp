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

/// What the token of an offer has: `way`, the server, and the table as SQL has it.
struct Offer {
  Way way;
  std::string server;
  std::string table;
};

constexpr char separator = '\n';

std::string token_of(const Offer& offer) {
  return static_cast<char>(offer.way) + offer.server + separator + offer.table;
}

Offer offer_of(std::string_view token) {
  const std::size_t end = token.find(separator);
  if (end == std::string_view::npos || end == 0) throw_malformed("a state was offered in another form");
  return {.way = static_cast<Way>(token[0]),
          .server = std::string(token.substr(1, end - 1)),
          .table = std::string(token.substr(end + 1))};
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

/// - autocommit = 0: else only the server locks the table, not InnoDB ("LOCK TABLES and Transactions"), and MySQL 5.6
///   does not wait for transactions that have written to it. From MySQL 5.7 on and in MariaDB 10.11 these keep others
///   from locking it anyway, and go on while somebody waits for the lock (tried on MariaDB 10.11, MySQL 5.6 and 9.7).
/// - The server looks at innodb_lock_wait_timeout once a second, so it may take two.
/// - wait_timeout: a program that stands still does not keep the lock.
constexpr const char* locking_settings =
    "SET autocommit = 0, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, innodb_table_locks = 1, "
    "wait_timeout = 10";
constexpr const char* usual_settings =
    "SET autocommit = 1, lock_wait_timeout = DEFAULT, innodb_lock_wait_timeout = DEFAULT, innodb_table_locks = "
    "DEFAULT, wait_timeout = 86400";

core::StateOffer lock_table(Session& session, const std::string& table) {
  try {
    session.execute(locking_settings, Phase::describe);
    session.query("LOCK TABLES " + table + " READ", Phase::describe, 0, "could not lock the table against writers");
    return {.token = token_of({Way::lock, session.server_identity(), table}), .holds_up_writers = true};
  } catch (const core::Error& error) {
    if (!session.usable()) throw;
    const unsigned code = native_error(session.handle()).code;
    session.execute(usual_settings, Phase::describe);
    if (is_lock_timeout(code)) {
      return {.why_not = "the table could not be locked within a second, as others write to it or change it"};
    }
    if (lacks_privilege(code)) return {.why_not = "the account does not have the privilege LOCK TABLES"};
    return {.why_not = error.message()};
  }
}

}  // namespace

core::StateOffer offer_state(Session& session, std::string_view schema, std::string_view table, int way, bool& locks) {
  locks = false;
  if (!session.version().at_least(50605, 100001)) {
    return {.why_not = "the server is older than MySQL 5.6.5 and MariaDB 10.0.1"};
  }
  session.convert_results(true);
  if (!is_of_innodb(session, schema, table)) return {.why_not = "only InnoDB keeps a state of a table's rows"};
  const std::string name = quote_table(schema, table);
  const bool has_log = !binary_log_position(session).empty() && logs_all_commits(session);
  if (has_log && way == 0) return {.token = token_of({Way::binary_log, session.server_identity(), name})};
  if (way != (has_log ? 1 : 0)) return {.why_not = "there is no other way"};
  core::StateOffer offer = lock_table(session, name);
  locks = offer.why_not.empty();
  return offer;
}

std::string join_state(Session& session, std::string_view token) {
  const Offer offer = offer_of(token);
  const auto fail = [](std::string_view why) {
    throw core::remote_error({.provider = "mysql",
                              .phase = Phase::describe,
                              .number = core::ErrorNumber::cannot_read,
                              .summary = "could not read the state of the table that another connection reads",
                              .remote_message = why});
  };
  if (offer.server != session.server_identity()) fail("the connections lead to different servers");
  session.convert_results(true);
  // Who wants to change the table's definition waits for those that have read it, and whoever reads it first after that
  // waits for him: of two connections to one end, neither may wait for long.
  session.execute("SET lock_wait_timeout = 1", Phase::describe);
  session.join_state();
  std::string mark;
  if (offer.way == Way::binary_log) {
    mark = snapshot_position(session);
    if (mark.empty()) fail("the server does not tell the position in its binary log");
    if (!logs_all_commits(session)) fail("commits may come that its binary log does not tell apart");
  }
  // From here on nobody can change the table's definition.
  session.query("SELECT 1 FROM " + offer.table + " LIMIT 0", Phase::describe, 1);
  return mark;
}

void unlock_tables(Session& session) {
  session.execute("UNLOCK TABLES", Phase::describe);
  session.execute(usual_settings, Phase::describe);
}

}  // namespace connector::mysql
