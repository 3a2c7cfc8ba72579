#include "drivers/hive/session.hpp"

#include <algorithm>
#include <chrono>

#include "core/net/dial.hpp"
#include "core/base/utf8.hpp"

namespace connector::hive {

namespace {

using apache::thrift::TApplicationException;
using apache::thrift::TException;
using apache::thrift::protocol::T_EXCEPTION;
using apache::thrift::protocol::T_REPLY;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// HIVE_CLI_SERVICE_PROTOCOL_V10 in the enumeration TProtocolVersion, whose first value is 0. A server answers with
/// the lower one of this and its own; V6 brought columns instead of rows, and rows are understood, too.
constexpr std::int32_t protocol_version = 9;

constexpr int fetch_next = 0;           ///< TFetchOrientation
constexpr std::int16_t fetch_rows = 0;  ///< beside logs

/// Answers other than rows.
constexpr std::size_t max_answer_bytes = 64 * 1024 * 1024;

/// A server may send more rows than were asked for: before Hive 4 all that LATERAL VIEW makes of one come together.
constexpr std::size_t max_rows_at_once = 10'000'000;

/// A statement's state is asked for after pauses that grow; a server may also wait before it answers.
constexpr milliseconds first_pause{10};
constexpr milliseconds longest_pause{1000};

/// Bounds what a destructor may take. With the rest of the way out a cancel stays below a second.
constexpr milliseconds stop_timeout{750};
/// The part of it in which an answer is waited for that lets the session live on.
constexpr milliseconds leave_timeout{400};

constexpr std::string_view setting_unique_names = "hive.resultset.use.unique.column.names";
/// The form in which a session is told its database: org.apache.hive.service.cli.session.HiveSessionImpl.
constexpr std::string_view use_database = "use:database";

}  // namespace

Session::Session(const Login& login, const core::Address& address, core::Wait& wait, core::Deadline deadline)
    : login_(login), address_(address) {
  try {
    link_ = std::make_unique<Link>(login_, address, wait, deadline);
  } catch (const Failure& failure) {
    const core::Error error = connect_error(login_, failure);
    if (failure.kind() == Failure::Kind::unreachable || failure.kind() == Failure::Kind::timed_out) {
      throw core::UnreachableError(error);
    }
    throw error;
  }
  open_session();
  usable_ = true;
}

Session::~Session() {
  stop();
}

/// Every call of the server: what goes wrong in it costs the session, since the answer may still be under way.
template <typename Call>
void Session::guarded(const Task& task, Call&& call) {
  in_call_ = true;
  try {
    try {
      link_->transport().begin_answer(max_answer_bytes);
      call();
    } catch (const TApplicationException& error) {
      throw Failure(Failure::Kind::malformed,
                    std::string("the server refuses the call: ") + core::shown_text(error.what(), 1000));
    } catch (const TException& error) {
      throw Failure(Failure::Kind::malformed, core::shown_text(error.what(), 1000));
    }
  } catch (const Failure& failure) {
    const core::Error error = lost_error(task, failure);
    stop();
    throw error;
  } catch (...) {
    stop();
    throw;
  }
  in_call_ = false;
}

void Session::open_session() {
  rpc::OpenSessionReq request;
  request.client_protocol = protocol_version;
  if (!login_.username.empty()) request.__set_username(login_.username);
  std::map<std::string, std::string> settings = login_.session;
  settings.emplace(setting_unique_names, "false");
  if (!login_.database.empty()) settings.emplace(use_database, login_.database);
  request.__set_configuration(settings);
  rpc::OpenSessionResp answer;
  try {
    try {
      link_->transport().begin_answer(max_answer_bytes);
      link_->client().OpenSession(answer, request);
      link_->transport().end_answer();
    } catch (const TException& error) {
      throw Failure(Failure::Kind::malformed, core::shown_text(error.what(), 1000));
    }
  } catch (const Failure& failure) {
    throw connect_error(login_, failure);
  }
  if (!is_success(answer.status) || !answer.__isset.sessionHandle) throw session_error(login_, answer.status);
  handle_ = answer.sessionHandle;
}

void Session::begin(const Task& task) {
  if (!usable_) {
    throw core::Error(core::ErrorNumber::cannot_read, "the connection to the server was given up",
                      "Provider hive, phase connect.", "Connect again.");
  }
  close_operation(task);
}

void Session::begin_operation(rpc::OperationResp& answer, const Task& task) {
  if (!is_success(answer.status)) throw statement_error(task, answer.status);
  if (!answer.__isset.operationHandle) throw_malformed("the server began nothing", task);
  operation_ = answer.operationHandle;
  ++operation_number_;
}

void Session::execute(const std::string& sql, const Task& task) {
  begin(task);
  rpc::ExecuteStatementReq request;
  request.sessionHandle = handle_;
  request.statement = sql;
  request.__set_runAsync(true);
  // The local limit covers the whole run and comes first; the remote one is for the case that nobody is left to enforce
  // the local one.
  if (login_.statement_timeout.count() > 0) request.__set_queryTimeout(login_.statement_timeout.count() + 60);
  rpc::OperationResp answer;
  guarded(task, [&] {
    link_->client().ExecuteStatement(answer, request);
    link_->transport().end_answer();
  });
  begin_operation(answer, task);
  wait_until_finished(task);
}

void Session::wait_until_finished(const Task& task) {
  milliseconds length = first_pause;
  rpc::GetOperationStatusReq request;
  request.operationHandle = *operation_;
  for (;;) {
    rpc::GetOperationStatusResp answer;
    guarded(task, [&] {
      link_->client().GetOperationStatus(answer, request);
      link_->transport().end_answer();
    });
    if (!is_success(answer.status)) throw statement_error(task, answer.status);
    // A server that tells no state has done it all in the call that began it.
    if (!answer.__isset.operationState || answer.operationState == finished_state) return;
    const bool runs = answer.operationState == initialized_state || answer.operationState == running_state ||
                      answer.operationState == pending_state;
    if (!runs) {
      const core::Error error = operation_error(task, answer);
      close_operation(task);
      throw error;
    }
    guarded(task, [&] { pause(length); });
  }
}

void Session::pause(milliseconds& length) {
  const core::Deadline until = steady_clock::now() + length;
  link_->wait().wait(-1, core::wait_none, std::min(until, link_->deadline()));
  if (steady_clock::now() >= link_->deadline()) {
    throw Failure(Failure::Kind::timed_out, "timed out while waiting for the server");
  }
  length = std::min(length * 2, longest_pause);
}

void Session::get_tables(const std::string& schema, const std::string& table, const Task& task) {
  begin(task);
  rpc::GetTablesReq request;
  request.sessionHandle = handle_;
  request.__set_schemaName(schema.empty() ? "%" : schema);
  request.__set_tableName(table.empty() ? "%" : table);
  rpc::OperationResp answer;
  guarded(task, [&] {
    link_->client().GetTables(answer, request);
    link_->transport().end_answer();
  });
  begin_operation(answer, task);
}

void Session::get_columns(const std::string& schema, const std::string& table, const Task& task) {
  begin(task);
  rpc::GetColumnsReq request;
  request.sessionHandle = handle_;
  request.__set_schemaName(schema);
  request.__set_tableName(table);
  request.__set_columnName("%");
  rpc::OperationResp answer;
  guarded(task, [&] {
    link_->client().GetColumns(answer, request);
    link_->transport().end_answer();
  });
  begin_operation(answer, task);
}

rpc::TableSchema Session::result_schema(const Task& task) {
  rpc::GetResultSetMetadataReq request;
  request.operationHandle = *operation_;
  rpc::GetResultSetMetadataResp answer;
  guarded(task, [&] {
    link_->client().GetResultSetMetadata(answer, request);
    link_->transport().end_answer();
  });
  if (!is_success(answer.status)) throw statement_error(task, answer.status);
  return answer.schema;
}

void Session::ask_for_rows(std::int64_t max_rows, std::size_t columns, const Task& task) {
  rpc::FetchResultsReq request;
  request.operationHandle = *operation_;
  request.orientation = fetch_next;
  request.maxRows = max_rows;
  request.__set_fetchType(fetch_rows);
  guarded(task, [&] { link_->client().send_FetchResults(request); });
  asked_rows_ = max_rows;
  asked_columns_ = columns;
  in_call_ = true;
}

void Session::receive_rows(ResultRows& rows, rpc::Status& status) {
  Link& link = *link_;
  link.transport().begin_answer(max_message_bytes);
  std::string name;
  apache::thrift::protocol::TMessageType type;
  std::int32_t sequence = 0;
  link.protocol().readMessageBegin(name, type, sequence);
  if (type == T_EXCEPTION) {
    TApplicationException error;
    error.read(&link.protocol());
    throw error;
  }
  if (type != T_REPLY || name != "FetchResults") {
    throw Failure(Failure::Kind::malformed, "the server answers another call than the one made");
  }
  read_fetch_results(link.protocol(), link.transport(), asked_columns_, max_rows_at_once, rows, status);
  link.transport().end_answer();
  asked_rows_ = 0;
}

void Session::read_rows(ResultRows& rows, const Task& task) {
  milliseconds length = first_pause;
  for (;;) {
    rpc::Status status;
    const std::int64_t asked = asked_rows_;
    guarded(task, [&] { receive_rows(rows, status); });
    if (!is_success(status)) throw statement_error(task, status);
    const bool to_come = rows.has_more || status.statusCode == still_executing_status;
    if (rows.rows > 0 || !to_come) return;
    // Impala's rows may come after the statement is said to have finished.
    guarded(task, [&] { pause(length); });
    ask_for_rows(asked, asked_columns_, task);
  }
}

void Session::close_operation(const Task& task) {
  if (!operation_) return;
  if (in_call_) return stop();
  rpc::CloseOperationReq request;
  request.operationHandle = *operation_;
  operation_.reset();
  rpc::CloseOperationResp answer;
  guarded(task, [&] {
    link_->client().CloseOperation(answer, request);
    link_->transport().end_answer();
  });
}

/// Handles are the server's, not a connection's: any connection of the same account may use them.
void Session::close_remotely(Link& link, bool cancel) {
  if (operation_) {
    if (cancel) {
      rpc::CancelOperationReq request;
      request.operationHandle = *operation_;
      rpc::CancelOperationResp answer;
      link.transport().begin_answer(max_answer_bytes);
      link.client().CancelOperation(answer, request);
    }
    rpc::CloseOperationReq request;
    request.operationHandle = *operation_;
    rpc::CloseOperationResp answer;
    link.transport().begin_answer(max_answer_bytes);
    link.client().CloseOperation(answer, request);
  }
  rpc::CloseSessionReq request;
  request.sessionHandle = handle_;
  rpc::CloseSessionResp answer;
  link.transport().begin_answer(max_answer_bytes);
  link.client().CloseSession(answer, request);
}

void Session::stop() noexcept {
  give_up(steady_clock::now() + stop_timeout);
}

void Session::give_up(core::Deadline deadline) noexcept {
  if (!usable_) return;
  usable_ = false;
  core::PollWait wait;
  try {
    if (in_call_) {
      // The server works off the calls of a connection one by one: another one is needed to stop what it is at.
      Link other(login_, address_, wait, deadline);
      close_remotely(other, true);
    } else {
      link_->set_wait_limit(wait, deadline);
      close_remotely(*link_, operation_.has_value());
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): the end of the connection ends the session, too
  }
  // It must not refer to the local object.
  operation_.reset();
  link_.reset();
}

void Session::leave_operation(std::uint64_t number) noexcept {
  if (!operation_ || !usable_ || number != operation_number_) return;
  const auto begin = steady_clock::now();
  core::Wait& usual_wait = link_->wait();
  const core::Deadline usual_deadline = link_->deadline();
  core::PollWait wait;
  link_->set_wait_limit(wait, begin + leave_timeout);
  try {
    if (is_asked()) {
      ResultRows rows;
      rpc::Status status;
      receive_rows(rows, status);
    }
    in_call_ = true;
    rpc::CloseOperationReq request;
    request.operationHandle = *operation_;
    rpc::CloseOperationResp answer;
    link_->transport().begin_answer(max_answer_bytes);
    link_->client().CloseOperation(answer, request);
    link_->transport().end_answer();
    operation_.reset();
    in_call_ = false;
    link_->set_wait_limit(usual_wait, usual_deadline);
  } catch (...) {
    give_up(begin + stop_timeout);
  }
}

}  // namespace connector::hive
