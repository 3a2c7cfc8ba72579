#include "pg/statement_secrets.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string_view>

#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/xact.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/elog.h"
#include "utils/memutils.h"
}

namespace connector::pg {

namespace {

constexpr std::string_view mask = "********";

/// Secrets of this transaction's requests. Never destroyed: errors are reported until the very end of the process.
std::vector<std::string>& current_secrets() {
  static auto* const secrets = new std::vector<std::string>;
  return *secrets;
}

emit_log_hook_type previous_hook = nullptr;

// A request has a few. With more, nothing of the text is worth the search.
constexpr std::size_t max_secrets = 100;

std::string masked(std::string text, const std::vector<std::string>& secrets) {
  if (secrets.size() > max_secrets) return std::string(mask);
  for (const std::string& secret : secrets) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + mask.size())) {
      text.replace(at, secret.size(), mask);
    }
  }
  return text;
}

/// Replaces a text of an error report. Without the memory for that the text is dropped.
void mask_field(char*& field, MemoryContext context) noexcept {
  if (field == nullptr) return;
  char* replacement = nullptr;
  try {
    const std::string shown = masked(field, current_secrets());
    if (shown == field) return;
    replacement = static_cast<char*>(MemoryContextAllocExtended(context, shown.size() + 1, MCXT_ALLOC_NO_OOM));
    if (replacement != nullptr) std::memcpy(replacement, shown.c_str(), shown.size() + 1);
  } catch (...) {
  }
  field = replacement;
}

/// Called for whatever goes to the server's log, before it goes there and to the client.
void on_emit(ErrorData* error) {
  if (!current_secrets().empty()) {
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
      current_secrets().clear();
      break;
    default:
      break;
  }
}

void install() {
  static bool installed = false;
  if (installed) return;
  current_secrets();  // so that the hook need not allocate it
  guard([] { RegisterXactCallback(on_transaction_end, nullptr); });
  previous_hook = emit_log_hook;
  emit_log_hook = on_emit;
  installed = true;
}

/// Points debug_query_string, which STATEMENT lines are made of, to a masked copy. The copy lives until the next one:
/// PostgreSQL lets go of the pointer when the statement ends.
void mask_statement(const std::vector<std::string>& secrets) {
  if (debug_query_string == nullptr) return;
  const std::string shown = masked(debug_query_string, secrets);
  if (shown == debug_query_string) return;
  static char* copy = nullptr;
  char* next = strdup(shown.c_str());
  if (next == nullptr) throw std::bad_alloc();
  debug_query_string = next;
  std::free(copy);
  copy = next;
  guard([] { pgstat_report_activity(STATE_RUNNING, debug_query_string); });
}

}  // namespace

void hide_in_statement(const std::vector<std::string>& secrets) {
  if (secrets.empty()) return;
  install();
  std::vector<std::string> all = secrets;
  if (!database_is_utf8()) {
    for (const std::string& secret : secrets) all.push_back(server_text(secret));
  }
  std::vector<std::string>& current = current_secrets();
  current.insert(current.end(), all.begin(), all.end());
  // A secret may be part of another one.
  std::ranges::stable_sort(current, std::ranges::greater(), &std::string::size);
  mask_statement(all);
}

}  // namespace connector::pg
