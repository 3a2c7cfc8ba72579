#include "pg/statement_secrets.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/request/shown_statement.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "core/request/masked_connector.hpp"

extern "C" {
#include "access/xact.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/elog.h"
#include "utils/memutils.h"
}

namespace connector::pg {

namespace {

/// Requests of one statement beyond these are treated like ones that can't be read.
constexpr std::size_t max_requests = 16;
constexpr std::size_t max_bytes = 4 * 1024 * 1024;

/// The statement that runs, and the requests that it has brought so far. Never destroyed: errors are reported until the
/// very end of the process.
struct Statement {
  const char* shown = nullptr;  ///< our copy, which debug_query_string points to; null if the session runs none
  std::vector<core::BroughtRequest> requests;
  std::size_t bytes = 0;

  void clear() noexcept {
    requests.clear();
    bytes = 0;
  }
  /// Whether it is this statement that runs; what is done after a statement, as at a commit, belongs to it.
  bool runs() const noexcept { return debug_query_string == shown || debug_query_string == nullptr; }
};

/// Per process, as the statement is: the hook that asks is called by PostgreSQL.
Statement& current() {
  static auto* const statement = new Statement;
  return *statement;
}

emit_log_hook_type previous_hook = nullptr;

/// Replaces a text of an error report. Without the memory for that the text is dropped.
void mask_field(char*& field, MemoryContext context) noexcept {
  if (field == nullptr) return;
  char* replacement = nullptr;
  try {
    const std::string shown = core::shown_statement(field, current().requests);
    if (shown == field) return;
    replacement = static_cast<char*>(MemoryContextAllocExtended(context, shown.size() + 1, MCXT_ALLOC_NO_OOM));
    if (replacement != nullptr) std::memcpy(replacement, shown.c_str(), shown.size() + 1);
  } catch (...) {
  }
  field = replacement;
}

/// Called for whatever goes to the server's log, before it goes there and to the client.
void on_emit(ErrorData* error) {
  if (!current().requests.empty() && current().runs()) {
    mask_field(error->context, error->assoc_context);
    mask_field(error->internalquery, error->assoc_context);
  }
  if (previous_hook != nullptr) previous_hook(error);
}

void on_transaction_end(XactEvent event, void*) {
  switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE:
      // A procedure or a DO block may go on after a COMMIT of its own.
      if (debug_query_string == nullptr || debug_query_string != current().shown) current().clear();
      break;
    default:
      break;
  }
}

void install() {
  static bool installed = false;
  if (installed) return;
  current();  // so that the hook need not allocate it
  guard([] { RegisterXactCallback(on_transaction_end, nullptr); });
  previous_hook = emit_log_hook;
  emit_log_hook = on_emit;
  installed = true;
}

/// Points debug_query_string, which STATEMENT lines are made of, to what may be shown. The copy lives until the next
/// one: PostgreSQL lets go of the pointer when the statement ends.
void show(const std::string& text) {
  char* next = strdup(text.c_str());
  if (next == nullptr) throw std::bad_alloc();
  Statement& statement = current();
  const bool changed = text != debug_query_string;
  char* const previous = const_cast<char*>(std::exchange(statement.shown, next));
  debug_query_string = next;
  std::free(previous);
  if (changed) guard([] { pgstat_report_activity(STATE_RUNNING, debug_query_string); });
}

void add(core::BroughtRequest request) {
  install();
  Statement& statement = current();
  if (!statement.runs()) statement.clear();
  const auto is_same = [&](const core::BroughtRequest& known) { return known.text == request.text; };
  if (debug_query_string == statement.shown && std::ranges::any_of(statement.requests, is_same)) return;
  statement.bytes += request.text.size() + request.masked.size();
  if (statement.requests.size() == max_requests || statement.bytes > max_bytes) {
    statement.requests.assign(1, core::BroughtRequest{});
  } else {
    statement.requests.push_back(std::move(request));
  }
  if (debug_query_string != nullptr) show(core::shown_statement(debug_query_string, statement.requests));
}

}  // namespace

void hide_in_statement(std::string_view request, const core::MaskedConnector& masked) {
  core::BroughtRequest brought{server_text(request), server_text(masked.text), {}};
  for (const std::string& secret : masked.secret_texts) brought.secrets.push_back(server_text(secret));
  add(std::move(brought));
}

void hide_in_statement() {
  add({});
}

}  // namespace connector::pg
