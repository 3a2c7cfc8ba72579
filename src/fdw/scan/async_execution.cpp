#include "fdw/scan/async_execution.hpp"

#include <chrono>

#include "fdw/plan/foreign_path.hpp"
#include "fdw/scan/scan.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "executor/execAsync.h"
#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "storage/latch.h"
}

namespace connector::fdw {

namespace {

/// How often an Append that waits is woken at least: not in all minor versions does it wait for its latch as well, and
/// without that it would not see that it was cancelled.
constexpr std::chrono::milliseconds tick{200};

Scan* scan_of(const AsyncRequest* request) {
  return static_cast<Scan*>(reinterpret_cast<ForeignScanState*>(request->requestee)->fdw_state);
}

/// Whether the Append is to begin again, and takes no more rows. Some minor versions have it wait before until no
/// request is pending (ExecReScanAppend()). Else all the rows that scans of ours have answered with are taken, and
/// asked for anew, before it waits. Rows of other wrappers' scans say nothing: they may come while the wait is being
/// prepared.
bool begins_again(const AsyncRequest* request) {
  const auto* append = reinterpret_cast<const AppendState*>(request->requestor);
  for (int i = -1; (i = bms_next_member(append->as_asyncplans, i)) >= 0;) {
    const AsyncRequest* other = append->as_asyncrequests[i];
    const auto* scan = reinterpret_cast<const ForeignScanState*>(other->requestee);
    const bool has_row = other->request_complete && other->result != nullptr;
    if (has_row && scan->fdwroutine->ForeignAsyncConfigureWait == configure_wait) return true;
  }
  return false;
}

/// Answers with the next row if it is here, or with the end; else the answer is that it will come. The frame has
/// nothing with a destructor: PostgreSQL's errors may pass it.
void answer(AsyncRequest* request) {
  Scan* scan = scan_of(request);
  PlanState* node = request->requestee;
  // By way of the executor, which looks at conditions and projects. Its instrumentation is the Append's affair here.
  TupleTableSlot* row = node->ExecProcNodeReal(node);
  if (!TupIsNull(row)) {
    ExecAsyncRequestDone(request, row);
  } else if (scan->has_ended()) {
    ExecAsyncRequestDone(request, nullptr);
  } else {
    pg::enter([=] {
      if (scan->may_ask(request, false)) scan->ask(request);
    });
    // Even if the answer is here already: it is the others' turn, or a fast remote would keep the Append from them.
    ExecAsyncRequestPending(request);
  }
}

}  // namespace

bool can_be_async(const ForeignPath* path) {
  return path->path.param_info == nullptr && !has_changing_values(path);
}

void request_row(AsyncRequest* request) {
  answer(request);
}

void configure_wait(AsyncRequest* request) {
  Scan* scan = scan_of(request);
  pg::enter([=] {
    if (scan->may_ask(request, true)) {
      if (begins_again(request)) {
        pg::guard([=] {
          request->callback_pending = false;
          ExecAsyncRequestDone(request, nullptr);
          ExecAsyncResponse(request);
        });
        return;
      }
      scan->ask(request);
    }
    if (!scan->is_asking()) return;
    const int descriptor = scan->descriptor(std::chrono::steady_clock::now() + tick);
    WaitEventSet* set = reinterpret_cast<AppendState*>(request->requestor)->as_eventset;
    pg::guard([=] { AddWaitEventToSet(set, WL_SOCKET_READABLE, descriptor, nullptr, request); });
  });
}

void notify_scan(AsyncRequest* request) {
  Scan* scan = scan_of(request);
  if (pg::enter([=] { return scan->go_on(); })) {
    answer(request);
  } else {
    ExecAsyncRequestPending(request);
  }
}

}  // namespace connector::fdw
