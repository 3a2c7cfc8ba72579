#include "drivers/mysql/connect.hpp"

#include "core/remote/connect_session.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/sort_key.hpp"

namespace connector::mysql {

std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login) {
  const auto dial = [&](const core::Address& address, core::Deadline until) {
    return std::make_unique<Session>(login, address, request.wait, until);
  };
  return core::connect_session(request, "mysql", login, dial, [&](Session& session) {
    session.execute("SET " + session_settings(session.version(), request.statement_timeout), core::Phase::connect);
    session.identify();
  });
}

std::string session_settings(const ServerVersion& version, std::chrono::seconds statement_timeout) {
  // The user's limits of the server may differ from its defaults: what we rely on is set.
  // - sql_mode: quoting with backticks and backslashes, and the dialect that MySQL's manual describes.
  // - sql_big_selects: max_join_size would refuse tables with more rows.
  // - group_concat_max_len, recursion: results would be cut with a warning. The length is counted in characters of up
  //   to four bytes, and some servers keep their product in 32 bits.
  // - max_sort_length: what the driver knows of the values that are sorted as wholes goes by it.
  // - max_error_count: warnings can only be read if they are kept.
  // - sql_auto_is_null: "IS NULL" would find another row.
  // - timeouts: a consumer that pauses (locks, checkpoints) must not be cut off: net_write_timeout is 60 s by default.
  std::string settings =
      "autocommit = 1, sql_mode = '', time_zone = '+00:00', sql_select_limit = 18446744073709551615, "
      "net_write_timeout = 86400, net_read_timeout = 86400, wait_timeout = 86400, sql_big_selects = 1, "
      "group_concat_max_len = 1073741823, sql_auto_is_null = 0, max_sort_length = ";
  settings += std::to_string(max_sort_length);
  if (!version.at_least(80000, 0)) settings += ", max_error_count = 8192";  // later only for administrators
  if (version.at_least(0, 100202)) settings += ", max_recursive_iterations = 4294967295";
  if (version.at_least(80003, 0)) settings += ", cte_max_recursion_depth = 4294967295";
  // Rows of transactions that are rolled back later must not be read. Two names, as below.
  settings += version.at_least(50720, 110101) ? ", transaction_isolation" : ", tx_isolation";
  settings += " = 'REPEATABLE-READ'";
  // Tables as they are now, not as they were once.
  if (version.at_least(0, 100304)) settings += ", system_versioning_asof = DEFAULT";
  settings += version.at_least(50503, 50503) ? ", NAMES utf8mb4" : ", NAMES utf8";
  // The local limit covers the whole run and comes first; the remote one is for the case that nobody is left to
  // enforce the local one. MySQL counts milliseconds.
  const long long limit = statement_timeout.count() > 0 ? statement_timeout.count() + 60 : 0;
  if (version.at_least(50708, 0)) settings += ", max_execution_time = " + std::to_string(limit * 1000);
  if (version.at_least(0, 100101)) settings += ", max_statement_time = " + std::to_string(limit);
  // A query must not write. MySQL renamed the variable in 5.7.20.
  if (version.at_least(50720, 0)) {
    settings += ", transaction_read_only = 1";
  } else if (version.at_least(50605, 100001)) {
    settings += ", tx_read_only = 1";
  }
  return settings;
}

}  // namespace connector::mysql
