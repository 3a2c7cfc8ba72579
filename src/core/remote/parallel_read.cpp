#include "core/remote/parallel_read.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace connector::core {

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

void add_counts(std::vector<std::uint64_t>& all, std::span<const std::uint64_t> more) {
  if (all.size() < more.size()) all.resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) all[i] += more[i];
}

}  // namespace

bool is_about_a_value(const Error& error) noexcept {
  return error.number() == ErrorNumber::cannot_load || error.number() == ErrorNumber::encoding;
}

void add_warnings(std::vector<RemoteWarning>& all, const std::vector<RemoteWarning>& more) {
  for (const RemoteWarning& warning : more) {
    const auto known = std::ranges::find(all, warning.code, &RemoteWarning::code);
    if (known == all.end()) {
      all.push_back(warning);
    } else {
      known->count += warning.count;
    }
  }
}

ParallelRead::~ParallelRead() {
  std::vector<AsyncCall*> calls;
  for (const Reader& reader : readers_) calls.push_back(&reader.connection->call);
  AsyncCall::leave_together(calls, [this](std::size_t i) {
    readers_[i].cursor.reset();
    readers_[i].connection->close();
  });
}

void ParallelRead::open(PartedScan scan, const BatchShape& shape) {
  scan_ = std::move(scan);
  parts_.assign(scan_.parts.begin(), scan_.parts.end());
  substitutions_.resize(scan_.substitution_kinds);
  batch_rows_ = shape.max_rows;
  readers_.reserve(connections_.size());
  for (const auto& connection : connections_) {
    readers_.push_back({.connection = connection.get(),
                        .batch = RowBatch(shape.columns, shape.invalid_values, shape.max_rows, shape.max_bytes)});
  }
  begin_idle();
}

std::uint64_t ParallelRead::rows_left() const noexcept {
  if (!scan_.max_rows || is_looking_further_) return no_limit;
  return *scan_.max_rows - counted_ - allowed_;
}

std::vector<AsyncCall*> ParallelRead::calls_under_way() const {
  std::vector<AsyncCall*> calls;
  for (const Reader& reader : readers_) {
    if (reader.state == State::reading) calls.push_back(&reader.connection->call);
  }
  return calls;
}

/// If there is something that it may read.
void ParallelRead::begin(Reader& reader) {
  reader.state = State::idle;
  if (!reader.cursor && parts_.empty()) {
    reader.state = State::done;
    return;
  }
  const std::uint64_t left = rows_left();
  if (left == 0) return;
  if (!reader.cursor) {
    reader.part = std::move(parts_.front());
    parts_.pop_front();
    // Of rows that are not counted yet all may be in this part; one more tells whether there are others.
    if (scan_.max_rows) reader.limit = static_cast<std::int64_t>(*scan_.max_rows - counted_ + 1);
    reader.has_begun = false;
  }
  reader.batch.clear();
  reader.allowed = is_looking_further_ ? 1 : std::min(left, batch_rows_);
  reader.batch.want_rows(reader.allowed);
  allowed_ += reader.allowed;
  reader.state = State::reading;
  reader.connection->call.begin([this, &reader] { fetch(reader); });
}

void ParallelRead::begin_idle() {
  for (Reader& reader : readers_) {
    if (reader.state == State::idle) begin(reader);
  }
}

/// Runs on the connection's own stack.
void ParallelRead::fetch(Reader& reader) {
  if (!reader.cursor) {
    Scan scan = scan_.scan;
    scan.part = reader.part;
    scan.limit = reader.limit;
    reader.cursor = reader.connection->source->open(scan);
  }
  SuspendableWait& wait = reader.connection->wait;
  wait.check();
  // Before the first row the remote may be computing.
  const LimitedSilence reading(wait, [&reader] { return reader.has_begun || reader.batch.rows() > 0; });
  reader.more = reader.cursor->fetch(reader.batch);
}

/// Takes what has come of a call that has ended.
void ParallelRead::end_call(Reader& reader) {
  reader.state = State::idle;
  allowed_ -= std::exchange(reader.allowed, 0);
  reader.connection->call.result();
  counted_ += reader.batch.rows();
  reader.has_begun = reader.has_begun || reader.batch.rows() > 0;
  if (!reader.more) end_part(reader);
  if (reader.batch.rows() == 0) return;
  reader.state = State::ready;
  ready_.push_back(&reader);
}

/// And has the connections go on that can.
void ParallelRead::end_calls() {
  for (bool any = true; any;) {
    any = false;
    for (Reader& reader : readers_) {
      if (reader.state != State::reading || !reader.connection->call.has_ended()) continue;
      any = true;
      end_call(reader);
    }
    if (any) begin_idle();
  }
}

void ParallelRead::end_part(Reader& reader) {
  for (std::size_t kind = 0; kind < substitutions_.size(); ++kind) {
    add_counts(substitutions_[kind], reader.cursor->substitutions(kind));
  }
  add_warnings(warnings_, reader.cursor->warnings());
  reader.cursor.reset();
}

/// False if nobody will have one.
bool ParallelRead::wait_for_batch() {
  // Whoever is waited for gets its turn with each batch, or a fast connection would keep the others from theirs.
  for (AsyncCall* call : calls_under_way()) call->go_on();
  end_calls();
  while (ready_.empty()) {
    const std::vector<AsyncCall*> calls = calls_under_way();
    if (calls.empty()) return false;
    go_on_with_some(calls, wait_);
    end_calls();
  }
  return true;
}

RowBatch* ParallelRead::next() {
  if (given_ != nullptr) begin(*std::exchange(given_, nullptr));
  if (!wait_for_batch()) return nullptr;
  given_ = ready_.front();
  ready_.pop_front();
  given_->state = State::given;
  return &given_->batch;
}

bool ParallelRead::has_another_row() {
  is_looking_further_ = true;
  try {
    if (given_ != nullptr) begin(*std::exchange(given_, nullptr));
    begin_idle();
    return wait_for_batch();
  } catch (const Error& error) {
    if (is_about_a_value(error)) return true;
    throw;
  }
}

std::vector<std::uint64_t> ParallelRead::invalid_counts() const {
  std::vector<std::uint64_t> all;
  for (const Reader& reader : readers_) add_counts(all, reader.batch.invalid_counts());
  return all;
}

std::vector<std::uint64_t> ParallelRead::substitutions(std::size_t kind) const {
  std::vector<std::uint64_t> all = substitutions_[kind];
  for (const Reader& reader : readers_) {
    const bool can_be_asked = reader.cursor && reader.state != State::reading;
    if (can_be_asked) add_counts(all, reader.cursor->substitutions(kind));
  }
  return all;
}

}  // namespace connector::core
