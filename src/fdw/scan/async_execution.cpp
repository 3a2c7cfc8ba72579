#include "fdw/scan/async_execution.hpp"

#include <chrono>

#include "fdw/plan/foreign_path.hpp"
#include "fdw/scan/scan.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "executor/execAsync.h"
#include "executor/executor.h"
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
    pg::enter([=] { scan->ask(request, false); });
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
    scan->ask(request, true);
    if (!scan->is_asking()) return;  // it is not its turn
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
