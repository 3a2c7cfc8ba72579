#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace connector::core {

namespace {

constexpr std::array<ErrorNumberInfo, 18> numbers = {{
    {ErrorNumber::cannot_read, "Cannot read from the remote database",
     "Read the remote's own message: the table or query may be wrong, a privilege may be missing, or the connection "
     "may have been lost.",
     "remote", "HV00L"},
    {ErrorNumber::cannot_connect, "Cannot connect to the remote database",
     "Check server, port, database, username and password, and that the database server may reach the remote "
     "(firewall, connector.allowed_hosts, TLS settings).",
     "remote", "HV00N"},
    {ErrorNumber::bad_name, "Invalid name", "Choose another name with \"import_as\".", "user", "42602"},
    {ErrorNumber::skipped, "Table was skipped",
     "A relation of this name exists and \"collision_strategy\" is \"skip\". Choose another strategy or name.", "user",
     "42P07"},
    {ErrorNumber::connectors_disabled, "Connector is disabled",
     "The message says what this role may not do, or what is switched off. An administrator can enable a provider, "
     "raise "
     "a limit of the role, set up a foreign server, or have the remote server ask for the password.",
     "administrator", "42501"},
    {ErrorNumber::invalid_parameters, "Invalid connector parameters",
     "Correct the keys that the message names. cdb_connector_info() lists those a provider takes.", "user", "HV024"},
    {ErrorNumber::cannot_load, "Cannot load the data",
     "The message says what was refused here. A value that does not fit: choose another local type with \"columns\", "
     "or "
     "load such values as NULL with \"invalid_values\": \"null\". A full disk, a missing privilege, a lock that others "
     "hold, a constraint or trigger of the table: put that right, and try again.",
     "user", "22000"},
    {ErrorNumber::too_many_columns, "Too many columns",
     "Choose fewer columns with \"columns\" or in the query, or ask an administrator to raise connector.max_columns.",
     "user", "54011"},
    {ErrorNumber::duplicated_column, "Duplicated column",
     "Give the columns different names in the query, or set \"column_names\" to \"normalize\".", "user", "42701"},
    {ErrorNumber::encoding, "Encoding error",
     "Set \"encoding\" to the encoding that the remote text really has, or leave it out.", "user", "22021"},
    {ErrorNumber::incompatible_schemas, "Incompatible schemas",
     "The remote columns no longer fit the local table. Set \"on_schema_change\" to \"follow\", or import anew.",
     "user", "HV021"},
    {ErrorNumber::dependents_in_the_way, "Dependent objects are in the way",
     "Views or other objects depend on what would change. Drop or change them first.", "user", "2BP01"},
    {ErrorNumber::timed_out, "Timed out",
     "The message says what took too long, and DETAIL how far it came. Connecting: check server, port and network, or "
     "raise connector.connect_timeout. A run: make the remote query faster, read less at a time, or ask an "
     "administrator "
     "to raise connector.statement_timeout.",
     "user", "HYT00"},
    {ErrorNumber::too_many_concurrent, "Too many concurrent imports",
     "Wait until others have ended, or ask an administrator to raise connector.max_imports_per_role, "
     "connector.max_queued_imports_per_role or connector.max_syncs_per_role.",
     "user", "53400"},
    {ErrorNumber::worker_lost, "Worker was lost",
     "The process ended before the work did, for example in a restart. Try again; if it recurs, look into the "
     "server's log.",
     "administrator", "58000"},
    {ErrorNumber::cancelled, "Cancelled",
     "Somebody stopped it, or a statement_timeout of the session that ran it. Ask for it again; a sync runs again at "
     "its "
     "next regular time.",
     "user", "57014"},
    {ErrorNumber::remote_silent, "Remote is silent",
     "The remote server or the network stalled in the middle of an answer. Try again, or ask an administrator to raise "
     "connector.read_timeout.",
     "remote", "08006"},
    {ErrorNumber::unknown, "Unknown error", "Look at the message, and at the server's log.", "administrator", "HV000"},
}};

static_assert(std::is_sorted(numbers.begin(), numbers.end(),
                             [](const auto& a, const auto& b) { return a.number < b.number; }));

}  // namespace

std::span<const ErrorNumberInfo> error_numbers() noexcept {
  return numbers;
}

const ErrorNumberInfo& error_number_info(ErrorNumber number) noexcept {
  for (const ErrorNumberInfo& info : numbers) {
    if (info.number == number) return info;
  }
  return numbers.back();
}

std::string_view phase_name(Phase phase) noexcept {
  switch (phase) {
    case Phase::request:
      return "request";
    case Phase::connect:
      return "connect";
    case Phase::authenticate:
      return "authenticate";
    case Phase::describe:
      return "describe";
    case Phase::execute:
      return "execute";
    case Phase::fetch:
      return "fetch";
    case Phase::convert:
      return "convert";
    case Phase::load:
      return "load";
  }
  return "unknown";
}

Error::Error(ErrorNumber number, std::string message, std::string detail, std::string hint, bool permanent)
    : number_(number),
      message_(std::move(message)),
      detail_(std::move(detail)),
      hint_(std::move(hint)),
      permanent_(permanent) {
  if (!detail_.empty()) detail_ += '\n';
  detail_ += "Connector error " + std::to_string(static_cast<int>(number)) + '.';
}

namespace {

/// Where a driver knows nothing better.
constexpr std::string_view statement_hint =
    "The remote server refused it, in its own words: \"sql_query\" must be one statement that it understands, and "
    "\"schema\", \"table\" and \"columns\" must name what is there.";

/// Classes of SQL:2023, part 2, clause 24: 28 invalid authorization, 3D invalid catalog name, 3F invalid schema name,
/// 42 syntax error or access rule violation (PostgreSQL and MySQL have missing tables and columns there).
bool is_permanent_class(std::string_view sqlstate) {
  return sqlstate.starts_with("28") || sqlstate.starts_with("3D") || sqlstate.starts_with("3F") ||
         sqlstate.starts_with("42");
}

/// What a failure is about, where the driver does not say.
std::string_view usual_parameter(const RemoteFailure& failure) {
  switch (failure.phase) {
    case Phase::authenticate:
      return "connection.password";
    case Phase::connect:
      if (failure.denied_login) return "connection.password";
      if (failure.sqlstate.starts_with("3D")) return "connection.database";
      return failure.number == ErrorNumber::timed_out ? "connection.server" : "";
    case Phase::describe:
      return failure.sqlstate.starts_with("3F") ? "schema" : "";
    default:
      return "";
  }
}

}  // namespace

std::string_view unreachable_parameter(std::string_view remote_message) {
  const std::string number = '(' + std::to_string(ECONNREFUSED) + ')';
  const bool is_refused = remote_message.find(std::strerror(ECONNREFUSED)) != std::string_view::npos ||
                          remote_message.find(number) != std::string_view::npos;
  return is_refused ? "connection.port" : "connection.server";
}

std::string bounded_message(std::string_view remote_text) {
  constexpr std::size_t longest = 64 * 1024;
  std::string text(truncate_utf8(remote_text, longest));
  if (text.size() < remote_text.size()) text += "...";
  return text;
}

Error Error::with_hint(std::string_view sentence) const {
  Error result = *this;
  if (!result.hint_.empty()) result.hint_ += ' ';
  result.hint_ += sentence;
  return result;
}

Error Error::with_denied_login() const {
  Error result = *this;
  result.denied_login_ = true;
  return result;
}

Error Error::with_parameter(std::string key) const {
  Error result = *this;
  result.parameter_ = std::move(key);
  return result;
}

Error remote_error(const RemoteFailure& failure) {
  std::string message(failure.summary);
  if (!failure.remote_message.empty()) {
    add_item(message, bounded_message(failure.remote_message), ": ");
  }
  std::string detail;
  if (!failure.provider.empty()) {
    detail += "Provider ";
    detail += failure.provider;
    detail += ", phase ";
  } else {
    detail += "Phase ";
  }
  detail += phase_name(failure.phase);
  if (failure.native_code != 0) detail += ", native error " + std::to_string(failure.native_code);
  if (!failure.sqlstate.empty()) {
    detail += ", SQLSTATE ";
    detail += failure.sqlstate;
  }
  detail += '.';
  if (!failure.remote_detail.empty()) {
    detail += '\n';
    detail += bounded_message(failure.remote_detail);
  }
  const bool is_statement = failure.phase == Phase::describe || failure.phase == Phase::execute;
  const std::string_view hint = failure.hint.empty() && is_statement ? statement_hint : failure.hint;
  Error error(
      failure.number, std::move(message), std::move(detail), std::string(hint),
      !failure.temporary && !failure.denied_login && (failure.permanent || is_permanent_class(failure.sqlstate)));
  error.denied_login_ = failure.denied_login;
  error.parameter_ = failure.parameter.empty() ? usual_parameter(failure) : failure.parameter;
  return error;
}

}  // namespace connector::core
