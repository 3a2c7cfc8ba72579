#include "load/read/readers.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

#include "core/base/error.hpp"
#include "core/remote/common_state.hpp"
#include "load/read/plan.hpp"
#include "pg/notice.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::load {

namespace {

/// A part has no fewer rows, about: each costs a round trip or two, in which a connection brings about as many.
constexpr std::int64_t least_part_rows = 20'000;
/// And about no more, so that the last ones end at nearly the same time.
constexpr std::int64_t most_part_rows = 1'000'000;
constexpr std::int64_t parts_of_a_reader = 8;

/// How many rows will be read, as far as is known.
std::optional<std::int64_t> expected_rows(const core::Source& source, const LoadLimits& limits) {
  std::optional<std::int64_t> rows = source.description().estimated_rows;
  if (limits.max_rows > 0 && (!rows || limits.max_rows < *rows)) rows = limits.max_rows;
  return rows;
}

/// Into how many parts a table is divided; fewer than 2 if it is too small for that.
std::size_t wanted_parts(const core::Source& source, std::int64_t readers) {
  std::int64_t parts = readers * parts_of_a_reader;
  if (const std::optional<std::int64_t> rows = source.description().estimated_rows) {
    parts = std::min(*rows / least_part_rows, std::max(parts, *rows / most_part_rows));
  }
  return std::min(static_cast<std::size_t>(parts), core::most_parts);
}

/// Whether the values of a column come alike from both.
bool is_alike(const core::RemoteColumn& one, const core::RemoteColumn& other) {
  return one.name == other.name && one.remote_type == other.remote_type && one.type == other.type &&
         one.form == other.form && one.encoding == other.encoding && one.unsupported_reason == other.unsupported_reason;
}

void check_alike(const core::Source& first, const core::Source& other, const Run& run) {
  if (std::ranges::equal(first.description().columns, other.description().columns, is_alike)) return;
  throw core::remote_error({.provider = run.provider.id,
                            .phase = core::Phase::describe,
                            .number = core::ErrorNumber::cannot_read,
                            .summary = "could not read the source",
                            .remote_message = "its columns have changed since it was described",
                            .hint = "Try again: the next run describes it anew."});
}

core::SourceRequest request_of(const Run& run) {
  core::SourceRequest request = source_request(run.spec);
  request.parts = {};  // known already
  return request;
}

std::string connections_text(std::int64_t count) {
  return count == 1 ? "one connection" : std::to_string(count) + " connections";
}

}  // namespace

Readers::Readers(ReaderTerms terms)
    : terms_(std::move(terms)), connections_(TopTransactionContext), read_(TopTransactionContext) {}

bool Readers::prepare(core::Source& source, const Run& run) {
  if (!is_ready_) {
    is_ready_ = false;  // whatever comes
    is_ready_ = look(source, run);
  }
  return *is_ready_;
}

/// Says that there are fewer connections than were asked for.
void Readers::tell(const std::string& reason) {
  why_fewer_ = "read by " + connections_text(count_) + " instead of " + std::to_string(terms_.asked) + ": " + reason;
  pg::notice("the table is read by " + connections_text(count_) + " instead of " + std::to_string(terms_.asked),
             "The reason is: " + reason + '.');
}

bool Readers::look(core::Source& source, const Run& run) {
  const std::int64_t wanted = std::min(terms_.asked, terms_.allowed);
  if (terms_.asked <= 1) return false;
  const std::string too_many = wanted < terms_.asked ? "connector.max_readers allows no more" : "";
  const std::optional<std::int64_t> rows = expected_rows(source, run.limits);
  if (rows && *rows < 2 * least_part_rows) return false;
  if (wanted <= 1) return tell(too_many), false;
  if (run.spec.sql_query) return tell("the result of a query can't be divided"), false;
  const std::size_t parts = wanted_parts(source, wanted);
  if (parts < 2) return false;
  parts_ = source.divide(parts);
  if (parts_.empty()) {
    tell("provider " + std::string(run.provider.id) +
         " can't divide it: it is a view, or has no key that serves for that");
    return false;
  }
  if (parts_.size() < 2) return false;
  wait_ = &run.wait;
  connections_.set(std::make_unique<core::FurtherConnections>());
  std::string reason = connect(std::min(static_cast<std::size_t>(wanted), parts_.size()), run);
  if (connections_->size() > 1) {
    if (std::string no_state = come_together(source, run); !no_state.empty()) {
      reason = std::move(no_state);
      core::close_together(*connections_);
    }
  }
  if (connections_->empty() && !run.connection.usable()) {
    replace_first(source, run);
    return tell(reason), true;
  }
  if (connections_->size() <= 1) {
    close();
    return tell(reason), false;
  }
  count_ = static_cast<int>(connections_->size());
  // A table of fewer parts has nothing to do for more connections.
  if (reason.empty() && parts_.size() > connections_->size()) reason = too_many;
  if (!reason.empty()) tell(reason);
  return true;
}

/// They are not connected yet.
std::vector<core::FurtherConnection*> Readers::add_connections(std::size_t count, const Run& run) {
  std::vector<core::FurtherConnection*> added;
  for (std::size_t i = 0; i < count; ++i) {
    connections_->push_back(std::make_unique<core::FurtherConnection>(run.wait, terms_.read_timeout, terms_.point));
    added.push_back(connections_->back().get());
  }
  return added;
}

/// As many as can be. Gives why these are fewer than are wanted; empty if they are not.
std::string Readers::connect(std::size_t wanted, const Run& run) {
  const auto connect = [this](core::FurtherConnection& reader) { reader.connection = terms_.connect(reader.wait); };
  std::string reason;
  // One by itself, then the others together: each attempt with a password that was changed may be the one by which the
  // remote locks the account.
  for (const std::size_t count : {std::size_t{1}, wanted - 1}) {
    const std::vector<std::exception_ptr> thrown = core::run_together(add_connections(count, run), connect, run.wait);
    for (const std::exception_ptr& one : thrown) {
      try {
        if (one) std::rethrow_exception(one);
      } catch (const core::Error& error) {
        if (error.denied_login()) throw;  // the run fails as if it were its first
      }
    }
    reason = core::first_error(thrown);
    if (!reason.empty()) break;
  }
  std::erase_if(*connections_, [](const auto& reader) { return !reader->connection; });
  return reason;
}

/// Has the connections describe the source in a state that they have in common. Gives why that can't be.
std::string Readers::come_together(const core::Source& source, const Run& run) {
  const core::SourceRequest request = request_of(run);
  std::string reason = core::come_to_one_state(run.connection, request, *connections_, run.wait);
  if (!reason.empty()) return reason;
  const auto describe = [&](core::FurtherConnection& reader) { reader.source = reader.connection->describe(request); };
  // Somebody may wait for a lock on the table that only the first of them has got: then all of them let it go.
  reason = core::first_error(core::run_together(core::each_of(*connections_), describe, run.wait));
  if (!reason.empty()) return reason;
  for (const auto& reader : *connections_) check_alike(source, *reader->source, run);
  return {};
}

/// One connection in the place of the run's first one, which is lost.
void Readers::replace_first(const core::Source& source, const Run& run) {
  const auto connect = [&](core::FurtherConnection& reader) {
    reader.connection = terms_.connect(reader.wait);
    reader.source = reader.connection->describe(request_of(run));
  };
  for (const std::exception_ptr& thrown : core::run_together(add_connections(1, run), connect, run.wait)) {
    if (thrown) std::rethrow_exception(thrown);
  }
  check_alike(source, *connections_->front()->source, run);
  parts_.assign(1, {});  // the whole of it
}

core::ParallelRead& Readers::open(core::PartedScan scan, const core::BatchShape& shape) {
  read_.set(std::make_unique<core::ParallelRead>(*connections_, *wait_));
  scan.parts = std::move(parts_);
  read_->open(std::move(scan), shape);
  return *read_;
}

void Readers::close() noexcept {
  is_ready_ = false;
  read_.reset();
  if (connections_.get() != nullptr) core::close_together(*connections_);
  connections_.reset();
}

}  // namespace connector::load
