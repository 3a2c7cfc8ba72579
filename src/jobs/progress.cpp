#include "jobs/progress.hpp"

#include <cstdio>
#include <cstring>

#include "core/base/list_text.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "store/syncs.hpp"

extern "C" {
#include "access/xact.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
}

namespace connector::jobs {

namespace {

// PostgreSQL numbers its own commands from 1; its views look for those only.
constexpr int our_command = 0x434F4E;

/// As a number: the enumeration has no value for ours.
int command_of(const PgBackendStatus& status) noexcept {
  int command;
  static_assert(sizeof command == sizeof status.st_progress_command);
  std::memcpy(&command, &status.st_progress_command, sizeof command);
  return command;
}

/// Places in the status entry. Index builds in between write to those of CREATE INDEX from its phase (9) to its blocks
/// (16), whatever the command is. Two numbers of 32 bits share a place.
namespace parameter {
enum {
  what,  ///< kind (8 bits), phase (8 bits) | handle of the texts
  id_high,
  id_low,
  owner_and_relation,
  rows,
  bytes,
  expected,
  started,
  last_row,
  rate_since = 17,
  rate_rows
};
}

std::int64_t pair(std::uint32_t high, std::uint32_t low) noexcept {
  return static_cast<std::int64_t>(std::uint64_t{high} << 32 | low);
}
std::uint32_t high_of(std::int64_t value) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32);
}
std::uint32_t low_of(std::int64_t value) noexcept {
  return static_cast<std::uint32_t>(value);
}

/// Of the run that goes on in this process, the innermost. Per process, as the status entry is that it is written to,
/// and as PostgreSQL calls what has to write it again. The entry tells of the outermost: it is there from the first to
/// the last, and a cancel reaches all that its code has begun.
RunProgress* current = nullptr;

/// The end of a subtransaction in the middle of the run is none of it, but PostgreSQL clears the entry.
void on_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (event == SUBXACT_EVENT_ABORT_SUB && current != nullptr) current->publish();
}

std::int64_t microseconds(schedule::Time time) noexcept {
  return time.time_since_epoch().count();
}

std::string uuid_text(std::int64_t high, std::int64_t low) {
  const auto a = static_cast<std::uint64_t>(high);
  const auto b = static_cast<std::uint64_t>(low);
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a >> 16 & 0xffff), static_cast<unsigned>(a & 0xffff),
                static_cast<unsigned>(b >> 48), static_cast<unsigned long long>(b & 0xffffffffffffULL));
  return text;
}

}  // namespace

RunProgress::RunProgress(shmem::JobKind kind, const std::string& id, Oid owner, Oid relation, const LiveTexts& texts)
    : outer_(current),
      kind_(kind),
      id_{},
      owner_(owner),
      relation_(relation),
      texts_(outer_ == nullptr ? publish_live_texts(texts) : 0),
      started_(microseconds(store::now())) {
  int digits = 0;
  for (const char c : id) {
    if (c == '-' || digits == 32) continue;
    std::uint64_t& half = id_[digits++ / 16];
    half = half << 4 | static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  static bool registered = false;
  if (!registered) {
    pg::guard([] { RegisterSubXactCallback(on_subtransaction_end, nullptr); });
    registered = true;
  }
  current = this;
  publish();
}

RunProgress::~RunProgress() {
  current = outer_;
}

void RunProgress::phase(load::RunPhase phase) noexcept {
  const Clock::time_point now_there = Clock::now();
  spent_[static_cast<std::size_t>(phase_)] += now_there - phase_since_;
  phase_since_ = now_there;
  phase_ = phase;
  if (phase == load::RunPhase::loading) rate_.start(microseconds(store::now()));
  publish();
}

void RunProgress::expect(std::uint64_t rows) noexcept {
  expected_ = static_cast<std::int64_t>(rows);
  publish();
}

void RunProgress::add(std::uint64_t rows, std::uint64_t bytes) noexcept {
  rows_ += static_cast<std::int64_t>(rows);
  bytes_ += static_cast<std::int64_t>(bytes);
  if (rows > 0) rate_.add(rows_, microseconds(store::now()));
  publish();
}

std::string RunProgress::phase_times() const {
  std::string times;
  for (int i = 0; i < load::run_phase_count; ++i) {
    Clock::duration spent = spent_[static_cast<std::size_t>(i)];
    if (i == static_cast<int>(phase_)) spent += Clock::now() - phase_since_;
    if (spent == Clock::duration::zero()) continue;
    char value[32];
    std::snprintf(value, sizeof value, "%.3f", std::chrono::duration<double, std::milli>(spent).count());
    const std::string name(load::run_phase_name(static_cast<load::RunPhase>(i)));
    core::add_item(times, '"' + name + "\": " + value);
  }
  return "{" + times + "}";
}

void RunProgress::clear() noexcept {
  if (current != nullptr && current->outer_ != nullptr) return current->publish();
  current = nullptr;
  if (MyBEEntry != nullptr && command_of(*const_cast<const PgBackendStatus*>(MyBEEntry)) == our_command)
    pgstat_progress_end_command();
}

bool RunProgress::goes_on_here(const std::string& id) {
  for (const RunProgress* run = current; run != nullptr; run = run->outer_) {
    if (uuid_text(static_cast<std::int64_t>(run->id_[0]), static_cast<std::int64_t>(run->id_[1])) == id) return true;
  }
  return false;
}

void RunProgress::publish() noexcept {
  if (outer_ != nullptr) return outer_->publish();
  if (MyBEEntry == nullptr) return;
  // ANALYZE and CREATE INDEX report in the same place, and so it is ours again after them.
  if (command_of(*const_cast<const PgBackendStatus*>(MyBEEntry)) != our_command) {
    pgstat_progress_start_command(static_cast<ProgressCommandType>(our_command), InvalidOid);
  }
  using namespace parameter;
  constexpr int index[] = {what,     id_high, id_low,   owner_and_relation, rows,     bytes,
                           expected, started, last_row, rate_since,         rate_rows};
  const RowRate::Mark& mark = rate_.mark();
  const int64 value[] = {pair(static_cast<std::uint32_t>(kind_) << 8 | static_cast<std::uint32_t>(phase_), texts_),
                         static_cast<int64>(id_[0]),
                         static_cast<int64>(id_[1]),
                         pair(owner_, relation_),
                         rows_,
                         bytes_,
                         expected_,
                         started_,
                         mark.last_row,
                         mark.since,
                         mark.rows};
  static_assert(std::size(index) == std::size(value));
  pgstat_progress_update_multi_param(static_cast<int>(std::size(index)), index, value);
}

std::vector<LiveRun> live_runs() {
  const std::int64_t present = microseconds(store::now());
  std::vector<LiveRun> runs;
  const int count = pg::guard([] { return pgstat_fetch_stat_numbackends(); });
  for (int i = 1; i <= count; ++i) {
    const LocalPgBackendStatus* local = pg::guard([=] { return connector_backend_status(i); });
    if (local == nullptr) continue;
    const PgBackendStatus& status = local->backendStatus;
    if (status.st_procpid == 0 || status.st_databaseid != MyDatabaseId || command_of(status) != our_command) {
      continue;
    }
    const int64* value = status.st_progress_param;
    LiveRun run;
    run.pid = status.st_procpid;
    const std::uint32_t what = high_of(value[parameter::what]);
    run.kind = static_cast<shmem::JobKind>(what >> 8 & 0xff);
    run.id = uuid_text(value[parameter::id_high], value[parameter::id_low]);
    run.owner = high_of(value[parameter::owner_and_relation]);
    run.relation = low_of(value[parameter::owner_and_relation]);
    run.phase = static_cast<load::RunPhase>(what & 0xff);
    run.rows = value[parameter::rows];
    run.bytes = value[parameter::bytes];
    run.expected = value[parameter::expected];
    run.started = schedule::Time(std::chrono::microseconds(value[parameter::started]));
    const RowRate::Mark mark{value[parameter::last_row], value[parameter::rate_since], value[parameter::rate_rows]};
    if (mark.last_row != 0) run.last_row = schedule::Time(std::chrono::microseconds(mark.last_row));
    run.rows_per_second = RowRate::rate(mark, run.rows, present);
    run.texts = read_live_texts(low_of(value[parameter::what]), run.pid);
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace connector::jobs
