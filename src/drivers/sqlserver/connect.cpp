#include "drivers/sqlserver/connect.hpp"

#include "core/remote/connect_session.hpp"
#include "drivers/sqlserver/browser.hpp"

namespace connector::sqlserver {

namespace {

constexpr Task setting_up{core::Phase::connect, "could not set up the session"};

/// The login's or database's options may differ from the defaults: what we rely on is set. The ANSI settings are those
/// that indexed views and XML methods ask for; TEXTSIZE is set by db-lib to 64,512 or less otherwise. LANGUAGE sets
/// DATEFORMAT and DATEFIRST, too.
constexpr std::string_view settings =
    "SET TEXTSIZE 2147483647; SET ROWCOUNT 0; SET ANSI_NULLS ON; SET QUOTED_IDENTIFIER ON; SET ANSI_PADDING ON; "
    "SET ANSI_WARNINGS ON; SET CONCAT_NULL_YIELDS_NULL ON; SET ARITHABORT ON; SET NUMERIC_ROUNDABORT OFF; "
    "SET LANGUAGE us_english; SET LOCK_TIMEOUT -1; "
    "SELECT CAST(s.text_size AS nvarchar(20)), (SELECT CAST(d.snapshot_isolation_state AS nvarchar(10)) "
    "FROM sys.databases d WHERE d.name = DB_NAME()), CAST(SERVERPROPERTY('Babelfish') AS nvarchar(10)) "
    "FROM sys.dm_exec_sessions s WHERE s.session_id = @@SPID";

constexpr std::string_view unlimited_text = "2147483647";
constexpr std::string_view snapshot_allowed = "1";
constexpr std::string_view is_babelfish = "1";

void set_up(Session& session) {
  const std::vector<TextResult> results = session.query(std::string(settings), setting_up);
  if (results.size() != 1 || results[0].rows.size() != 1 || results[0].rows[0].size() != 3) {
    throw_malformed("the server does not tell of its settings");
  }
  const TextRow& row = results[0].rows[0];
  const std::string text_size = row[0].value_or("");
  if (text_size != unlimited_text && text_size != "-1") {
    throw core::remote_error({.provider = "sqlserver",
                              .phase = core::Phase::connect,
                              .number = core::ErrorNumber::cannot_connect,
                              .summary = setting_up.summary,
                              .remote_message = "the server would cut long values: TEXTSIZE is " + text_size});
  }
  session.allow_snapshots(row[1].value_or("") == snapshot_allowed);
  session.set_babelfish(row[2].value_or("") == is_babelfish);
}

}  // namespace

std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login) {
  const auto dial = [&](const core::Address& address, core::Deadline until) {
    const int port =
        login.instance.empty() ? login.port : instance_port(login.server, login.instance, address, request.wait, until);
    return std::make_unique<Session>(login, port, address, request.address_rules, request.wait, until);
  };
  return core::connect_session(request, "sqlserver", login, dial, set_up);
}

}  // namespace connector::sqlserver
