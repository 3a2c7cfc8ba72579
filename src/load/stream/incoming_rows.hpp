// The rows of a running load, as what one SQL statement selects from: batch by batch, while it is executed.
//
// In the statement they are a call of connector.incoming_rows(), which the planner's hook (incoming_node.hpp) exchanges
// for a node that pulls batches. Only who knows the secret number in its first argument gets that node; it is a
// parameter of the statement, so that no text shows it, and the rows are handed out once.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/read/batch_reader.hpp"
#include "load/read/load_result.hpp"
#include "load/read/plan.hpp"
#include "pg/spi.hpp"

namespace connector::load {

class IncomingRows {
 public:
  /// Is shown each batch before its rows are handed out, and which of the plan's columns have had a NULL until then;
  /// what it throws ends the statement.
  using Look = std::function<void(core::RowBatch&, const std::vector<bool>& has_nulls)>;

  /// Fetches the first batch from the reader, which was opened: if the remote fails at once, nothing was done here. All
  /// arguments outlive this.
  IncomingRows(BatchReader& reader, const LoadPlan& plan, LoadResult& result, Look look);
  IncomingRows(const IncomingRows&) = delete;
  IncomingRows& operator=(const IncomingRows&) = delete;

  /// What stands in FROM: the rows with the plan's columns under their names. `before` is a bigint's expression, which
  /// is computed before the first row is handed out; value_before() has it then.
  std::string sql(const std::string& alias, const std::string& before = "NULL") const;

  /// Runs the statement that has sql() in it, whose first parameter is not the caller's. Returns the number of rows
  /// processed. Throws what reading the rows has thrown as it was thrown, else PgError.
  std::uint64_t execute(const std::string& statement, const std::vector<pg::SqlParameter>& more_parameters = {});

  /// Per column of the plan: true if a NULL came.
  const std::vector<bool>& has_nulls() const noexcept { return has_nulls_; }
  std::optional<std::int64_t> value_before() const noexcept { return value_before_; }

  // --- for the node ---

  /// Whether any statement that selects from such rows is being planned or executed.
  static bool any() noexcept { return newest != nullptr; }
  /// Those whose call of `function` has this secret number; null if there are none.
  static IncomingRows* find_by_secret(Oid function, std::int64_t secret) noexcept;
  /// Those of number(), to be read by one node; null if a node reads them already, or the statement is over.
  static IncomingRows* take(int number) noexcept;
  int number() const noexcept { return number_; }
  std::size_t columns() const noexcept { return has_nulls_.size(); }
  void set_value_before(std::int64_t value) noexcept { value_before_ = value; }
  bool has_row() const noexcept { return row_ < rows_; }
  /// Writes the next row. Its values are valid until fetch() is called.
  void take_row(Datum* values, bool* nulls) noexcept;
  /// Gets the next batch; false if there is none.
  bool fetch();

 private:
  class Binding;

  bool fetch_batch();
  bool next_batch();

  static IncomingRows* newest;

  BatchReader& reader_;
  const LoadPlan& plan_;
  LoadResult& result_;
  Look look_;
  std::vector<bool> has_nulls_;
  std::vector<const std::uint64_t*> values_;  // of the batch that is handed out
  std::vector<const bool*> nulls_;
  std::size_t row_ = 0;
  std::size_t rows_ = 0;
  bool at_end_ = false;
  bool taken_ = false;
  std::optional<std::int64_t> value_before_;
  std::exception_ptr failure_;
  IncomingRows* outer_ = nullptr;  ///< of a load in whose statement code of a user's began this one
  int number_;
  Oid function_;
  std::int64_t secret_;
  // As they are outside the statement: reading is none of its business.
  MemoryContext memory_;
  ErrorContextCallback* context_;
};

}  // namespace connector::load
