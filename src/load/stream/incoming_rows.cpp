#include "load/stream/incoming_rows.hpp"

#include <utility>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/net/wait.hpp"
#include "load/write/sink.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "miscadmin.h"
}

namespace connector::load {

IncomingRows* IncomingRows::newest = nullptr;

namespace {

std::int64_t random_number() {
  std::int64_t number = 0;
  pg::guard([&] {
    if (!pg_strong_random(&number, sizeof number)) {
      ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random number")));
    }
  });
  return number;
}

Oid incoming_function() {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
      "WHERE n.nspname = 'connector' AND p.proname = 'incoming_rows'");
  if (rows.empty()) {
    throw core::Error(core::ErrorNumber::cannot_load, "function connector.incoming_rows() does not exist", {},
                      "The library is newer than the extension's SQL: ALTER EXTENSION connector UPDATE.");
  }
  return pg::read_oid(rows[0][0]);
}

int next_number() noexcept {
  static int last = 0;
  return ++last;
}

}  // namespace

/// For the length of the statement the rows can be found.
class IncomingRows::Binding {
 public:
  explicit Binding(IncomingRows& rows) noexcept : rows_(rows) { rows_.outer_ = std::exchange(newest, &rows_); }
  ~Binding() { newest = rows_.outer_; }
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;

 private:
  IncomingRows& rows_;
};

IncomingRows::IncomingRows(BatchReader& reader, const LoadPlan& plan, LoadResult& result, Look look)
    : reader_(reader),
      plan_(plan),
      result_(result),
      look_(std::move(look)),
      has_nulls_(plan.columns.size(), false),
      values_(plan.columns.size()),
      nulls_(plan.columns.size()),
      number_(next_number()),
      function_(incoming_function()),
      secret_(random_number()),
      memory_(CurrentMemoryContext),
      context_(error_context_stack) {
  next_batch();
}

std::string IncomingRows::sql(const std::string& alias, const std::string& before) const {
  std::string columns;
  for (const PlannedColumn& column : plan_.columns) {
    core::add_item(columns, pg::quote_name(pg::exact_server_text(column.name)) + " " + column.target.sql);
  }
  return "connector.incoming_rows($1, " + before + ") AS " + alias + " (" + columns + ")";
}

std::uint64_t IncomingRows::execute(const std::string& statement,
                                    const std::vector<pg::SqlParameter>& more_parameters) {
  std::vector<pg::SqlParameter> parameters{{INT8OID, std::to_string(secret_)}};
  parameters.insert(parameters.end(), more_parameters.begin(), more_parameters.end());
  const Binding binding(*this);
  std::uint64_t processed = 0;
  try {
    processed = pg::execute(statement, parameters);
  } catch (const pg::PgError&) {
    if (failure_) std::rethrow_exception(failure_);
    throw;
  }
  if (failure_) std::rethrow_exception(failure_);
  if (has_row() || !at_end_) {
    throw core::Error(core::ErrorNumber::cannot_load, "the statement that stores the rows did not read them all");
  }
  return processed;
}

IncomingRows* IncomingRows::find_by_secret(Oid function, std::int64_t secret) noexcept {
  for (IncomingRows* rows = newest; rows != nullptr; rows = rows->outer_) {
    if (rows->function_ == function && rows->secret_ == secret) return rows;
  }
  return nullptr;
}

IncomingRows* IncomingRows::take(int number) noexcept {
  for (IncomingRows* rows = newest; rows != nullptr; rows = rows->outer_) {
    if (rows->number_ != number) continue;
    return std::exchange(rows->taken_, true) ? nullptr : rows;
  }
  return nullptr;
}

void IncomingRows::take_row(Datum* values, bool* nulls) noexcept {
  for (std::size_t column = 0; column < values_.size(); ++column) {
    values[column] = values_[column][row_];
    nulls[column] = nulls_[column][row_];
  }
  ++row_;
}

bool IncomingRows::fetch() {
  ErrorContextCallback* const context = std::exchange(error_context_stack, context_);
  const MemoryContext memory = MemoryContextSwitchTo(memory_);
  bool found = false;
  try {
    found = fetch_batch();
  } catch (...) {
    failure_ = std::current_exception();
  }
  MemoryContextSwitchTo(memory);
  error_context_stack = context;
  // As an error of PostgreSQL's it ends the statement; execute() throws it again as it was.
  if (failure_) std::rethrow_exception(failure_);
  return found;
}

bool IncomingRows::fetch_batch() {
  try {
    return next_batch();
  } catch (const core::Interrupted&) {
    // Here, where it has the words and the context of a wait outside of any statement.
    pg::guard([] { CHECK_FOR_INTERRUPTS(); });
    throw;
  }
}

bool IncomingRows::next_batch() {
  row_ = rows_ = 0;
  while (!at_end_) {
    core::RowBatch* const batch = reader_.next(result_);
    if (batch == nullptr) {
      at_end_ = true;
      reader_.finish(result_);
      return false;
    }
    if (batch->rows() == 0) continue;
    note_nulls(*batch, batch->rows(), has_nulls_);
    look_(*batch, has_nulls_);
    for (std::size_t column = 0; column < values_.size(); ++column) {
      values_[column] = batch->values(column).data();
      nulls_[column] = batch->nulls(column).data();
    }
    rows_ = batch->rows();
    return true;
  }
  return false;
}

}  // namespace connector::load
