#include "drivers/odbc/cursor.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/utf8.hpp"
#include "drivers/odbc/bound_rows.hpp"
#include "drivers/odbc/fetch_plan.hpp"
#include "drivers/odbc/fetch_warnings.hpp"
#include "drivers/odbc/long_value.hpp"
#include "drivers/odbc/values.hpp"

namespace connector::odbc {

namespace {

constexpr std::string_view cast_hint =
    "In \"sql_query\", cast the column to a type whose size the driver tells correctly, or to a long text.";

class OdbcCursor final : public core::RemoteCursor {
 public:
  OdbcCursor(Session& session, StatementHandle executed, std::vector<CursorColumn> columns, std::string summary,
             ExecuteAgain execute_again);
  ~OdbcCursor() override;

  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> substitutions(std::size_t /*kind*/) const override { return counts_.rounded_times; }
  std::vector<core::RemoteWarning> warnings() const override;

 private:
  struct Column {
    SQLUSMALLINT wire_column = 0;
    Reading reading;
    Decoder decoder;
    std::string name;
  };

  Task task() const noexcept { return {core::Phase::fetch, summary_}; }
  SQLRETURN check(SQLRETURN result, std::string_view call) {
    return session_.check(result, statement_.get(), task(), call);
  }
  [[noreturn]] void fail(const std::string& what, const Column& column, std::string_view hint = {}) const;

  void bind(FetchMode mode);
  void set_rows();
  bool next_rows();
  bool has_cut_value() const noexcept;
  bool is_cut(std::size_t column, std::size_t row) const noexcept;
  void begin_again();
  void check_end();
  void check_rows();
  void read_row(std::size_t row, core::RowBatch& batch);
  void read_bound(std::size_t column, std::size_t row, core::RowBatch& batch);
  void ask_for(std::size_t column, std::size_t row, core::RowBatch& batch);

  Session& session_;
  std::string summary_;
  std::vector<Column> columns_;  ///< in the order of the result
  ExecuteAgain execute_again_;
  FetchPlan plan_;
  std::optional<BoundRows> bound_;  ///< before the statement, which is freed before it
  StatementHandle statement_;
  LongValue long_value_;
  Counts counts_;
  FetchWarnings warnings_;
  std::size_t next_row_ = 0;    ///< in the fetched ones
  std::size_t rows_ = 0;        ///< that were fetched
  std::size_t positioned_ = 0;  ///< number of the row that values are asked for of, from 1; 0 = none
  bool is_first_fetch_ = true;
  bool ended_ = false;
};

OdbcCursor::OdbcCursor(Session& session, StatementHandle executed, std::vector<CursorColumn> columns,
                       std::string summary, ExecuteAgain execute_again)
    : session_(session),
      summary_(std::move(summary)),
      execute_again_(std::move(execute_again)),
      statement_(std::move(executed)) {
  const DriverTraits& traits = session_.traits();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    CursorColumn& column = columns[i];
    const Reading reading = reading_of(column.facts, traits, column.described);
    columns_.push_back({.wire_column = static_cast<SQLUSMALLINT>(column.wire_column),
                        .reading = reading,
                        .decoder = {.decode = reading.decode,
                                    .sql_type = column.facts.sql_type,
                                    .database = traits.database,
                                    .column = i},
                        .name = std::move(column.described.name)});
  }
  // Drivers give values that are asked for in the order of their columns, some only so.
  std::ranges::stable_sort(columns_, {}, &Column::wire_column);
  counts_.rounded_times.resize(columns_.size());
  counts_.last_moments.resize(columns_.size());
  const Session::Stoppable stoppable(session_, statement_.get());
  bind(FetchMode::quick);
}

OdbcCursor::~OdbcCursor() {
  if (!ended_) {
    const Session::Stoppable stoppable(session_, statement_.get());
    SQLCancel(statement_.get());
    SQLFreeStmt(statement_.get(), SQL_CLOSE);
  }
}

void OdbcCursor::fail(const std::string& what, const Column& column, std::string_view hint) const {
  throw core::Error(core::ErrorNumber::cannot_read, summary_ + ": " + what + " column " + core::quoted(column.name),
                    "Provider odbc, phase fetch.", std::string(hint));
}

void OdbcCursor::bind(FetchMode mode) {
  std::vector<Reading> readings;
  for (const Column& column : columns_) readings.push_back(column.reading);
  plan_ = plan_fetch(readings, session_.traits(), mode);
  bound_.emplace(plan_, readings);
  if (plan_.rows > 1) set_rows();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!bound_->is_bound(i)) continue;
    check(SQLBindCol(statement_.get(), columns_[i].wire_column, columns_[i].reading.c_type, bound_->values(i),
                     bound_->bytes(i), bound_->lengths(i)),
          "SQLBindCol");
  }
}

/// As many rows at once as the driver takes.
void OdbcCursor::set_rows() {
  const auto set = [this](SQLINTEGER attribute, SQLPOINTER value) {
    return SQL_SUCCEEDED(SQLSetStmtAttr(statement_.get(), attribute, value, SQL_IS_UINTEGER));
  };
  const auto number = [](std::size_t rows) { return reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(rows)); };
  SQLULEN rows = 1;
  const bool is_set = set(SQL_ATTR_ROWS_FETCHED_PTR, bound_->fetched()) &&
                      set(SQL_ATTR_ROW_STATUS_PTR, bound_->states()) &&
                      set(SQL_ATTR_ROW_ARRAY_SIZE, number(plan_.rows)) &&
                      SQL_SUCCEEDED(SQLGetStmtAttr(statement_.get(), SQL_ATTR_ROW_ARRAY_SIZE, &rows, 0, nullptr)) &&
                      rows >= 1 && rows <= plan_.rows;
  if (!is_set) {
    set(SQL_ATTR_ROW_ARRAY_SIZE, number(1));
    set(SQL_ATTR_ROWS_FETCHED_PTR, nullptr);
    set(SQL_ATTR_ROW_STATUS_PTR, nullptr);
    rows = 1;
  }
  plan_.rows = static_cast<std::size_t>(rows);
  bound_->take_fewer_rows(plan_.rows);
}

bool OdbcCursor::fetch(core::RowBatch& batch) {
  if (ended_) return false;
  const Session::Stoppable stoppable(session_, statement_.get());
  while (!batch.full()) {
    if (next_row_ == rows_ && !next_rows()) {
      ended_ = true;
      SQLFreeStmt(statement_.get(), SQL_CLOSE);
      return false;
    }
    for (; next_row_ < rows_ && !batch.full(); ++next_row_) read_row(next_row_, batch);
  }
  return true;
}

bool OdbcCursor::next_rows() {
  for (;;) {
    next_row_ = rows_ = positioned_ = 0;
    bound_->forget();
    session_.wait().check();
    const SQLRETURN result = check(SQLFetch(statement_.get()), "SQLFetch");
    if (result == SQL_NO_DATA) {
      check_end();
      return false;
    }
    if (result == SQL_SUCCESS_WITH_INFO) warnings_.note(statement_.get(), session_.mask());
    check_rows();
    const bool is_first = std::exchange(is_first_fetch_, false);
    if (!is_first || !execute_again_ || !has_cut_value()) return true;
    begin_again();
  }
}

/// FreeTDS ends a result without an error where the connection ended between two rows. A result that came to its end
/// has a count of rows, unless the query said SET NOCOUNT ON: then a statement tells whether the session is still
/// there.
void OdbcCursor::check_end() {
  if (!session_.traits().driver_name.starts_with("libtdsodbc")) return;
  SQLLEN rows = -1;
  if (SQL_SUCCEEDED(SQLRowCount(statement_.get(), &rows)) && rows >= 0) return;
  SQLFreeStmt(statement_.get(), SQL_CLOSE);
  const StatementHandle statement = session_.new_statement(task());
  session_.execute_directly(statement.get(), "SELECT 1", task());
}

/// How many rows there are is the driver's word; that it is possible is looked at.
void OdbcCursor::check_rows() {
  rows_ = 1;
  if (plan_.rows == 1) return;
  const SQLULEN fetched = *bound_->fetched();
  if (fetched < 1 || fetched > plan_.rows) {
    throw core::Error(core::ErrorNumber::cannot_read,
                      summary_ + ": the driver was asked for " + std::to_string(plan_.rows) + " rows and told of " +
                          std::to_string(fetched),
                      "Provider odbc, phase fetch.");
  }
  rows_ = static_cast<std::size_t>(fetched);
  for (std::size_t row = 0; row < rows_; ++row) {
    const SQLUSMALLINT state = bound_->states()[row];
    if (state == SQL_ROW_ERROR)
      throw call_error(SQL_HANDLE_STMT, statement_.get(), task(), session_.mask(), "SQLFetch");
    if (state == SQL_ROW_NOROW || state == SQL_ROW_DELETED) {
      throw core::Error(core::ErrorNumber::cannot_read, summary_ + ": the driver counted a row that is not there",
                        "Provider odbc, phase fetch.");
    }
  }
}

bool OdbcCursor::is_cut(std::size_t column, std::size_t row) const noexcept {
  if (!bound_->is_bound(column) || columns_[column].reading.fixed_bytes > 0) return false;
  const BoundValue value = bound_->value(column, row);
  // A buffer that is just full is doubted: some drivers tell the length of what they wrote, and write whole characters
  // only.
  constexpr SQLLEN longest_character = 4;
  return value.length == SQL_NO_TOTAL || value.length > static_cast<SQLLEN>(value.room) - longest_character;
}

/// A value that did not come whole and can't be asked for again.
bool OdbcCursor::has_cut_value() const noexcept {
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (is_cut(column, row) && !plan_.gets_again) return true;
    }
  }
  return false;
}

/// From the first row on, with nothing bound whose size may be wrong.
void OdbcCursor::begin_again() {
  SQLFreeStmt(statement_.get(), SQL_CLOSE);
  check(SQLFreeStmt(statement_.get(), SQL_UNBIND), "SQLFreeStmt");
  check(SQLSetStmtAttr(statement_.get(), SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(SQLULEN{1}),
                       SQL_IS_UINTEGER),
        "SQLSetStmtAttr");
  SQLSetStmtAttr(statement_.get(), SQL_ATTR_ROWS_FETCHED_PTR, nullptr, SQL_IS_POINTER);
  SQLSetStmtAttr(statement_.get(), SQL_ATTR_ROW_STATUS_PTR, nullptr, SQL_IS_POINTER);
  execute_again_(statement_.get());
  bind(FetchMode::careful);
}

void OdbcCursor::read_row(std::size_t row, core::RowBatch& batch) {
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (bound_->is_bound(column)) {
      read_bound(column, row, batch);
    } else {
      ask_for(column, row, batch);
    }
  }
  batch.finish_row();
}

void OdbcCursor::read_bound(std::size_t index, std::size_t row, core::RowBatch& batch) {
  const Column& column = columns_[index];
  const BoundValue value = bound_->value(index, row);
  if (value.length == SQL_NULL_DATA) return batch.set_null(column.decoder.column);
  if (is_cut(index, row)) {
    if (plan_.gets_again) return ask_for(index, row, batch);
    fail("the driver cut a value after " + std::to_string(value.room) + " bytes, in", column, cast_hint);
  }
  if (value.length < 0) fail("the driver told no valid length of a value, in", column);
  const std::size_t bytes =
      column.reading.fixed_bytes > 0 ? column.reading.fixed_bytes : static_cast<std::size_t>(value.length);
  store_value(column.decoder, {value.bytes, bytes}, batch, counts_);
}

void OdbcCursor::ask_for(std::size_t index, std::size_t row, core::RowBatch& batch) {
  const Column& column = columns_[index];
  if (plan_.rows > 1 && positioned_ != row + 1) {
    check(SQLSetPos(statement_.get(), static_cast<SQLSETPOSIROW>(row + 1), SQL_POSITION, SQL_LOCK_NO_CHANGE),
          "SQLSetPos");
    positioned_ = row + 1;
  }
  // A character of UTF-16 takes a byte at least in UTF-8, of two there.
  const std::size_t most_bytes = core::max_value_bytes * column.reading.unit_bytes;
  const auto fault = long_value_.read(column.reading, most_bytes, [&](char* to, SQLLEN room, SQLLEN& length) {
    const SQLRETURN result =
        check(SQLGetData(statement_.get(), column.wire_column, column.reading.c_type, to, room, &length), "SQLGetData");
    if (result == SQL_SUCCESS_WITH_INFO) warnings_.note(statement_.get(), session_.mask());
    return result;
  });
  switch (fault) {
    case LongValue::Fault::none:
      break;
    case LongValue::Fault::no_length:
      fail("the driver told no valid length of a value, in", column);
    case LongValue::Fault::wrong_length:
      fail("the driver told another length of a value than it gave, in", column, cast_hint);
    case LongValue::Fault::too_large:
      // Throws the error for it.
      batch.reserve_bytes(column.decoder.column, std::max(long_value_.size(), core::max_value_bytes + 1));
  }
  if (long_value_.is_null()) return batch.set_null(column.decoder.column);
  store_value(column.decoder, long_value_.bytes(), batch, counts_);
}

std::vector<core::RemoteWarning> OdbcCursor::warnings() const {
  // Numbers that no driver has: warnings are told apart by them.
  constexpr long buffers_code = 0, infinity_code = std::numeric_limits<long>::min();
  std::vector<core::RemoteWarning> all = warnings_.list();
  if (session_.traits().buffers_results) {
    all.push_back({buffers_code, "the driver keeps the whole result in its memory", 1});
  }
  std::uint64_t last_moments = 0;
  for (const std::uint64_t count : counts_.last_moments) last_moments += count;
  if (last_moments > 0) {
    all.push_back({infinity_code,
                   "the driver gives 9999-12-31 23:59:59 for infinity, too: such a value was loaded as it came",
                   last_moments});
  }
  return all;
}

}  // namespace

std::unique_ptr<core::RemoteCursor> make_cursor(Session& session, StatementHandle executed,
                                                std::vector<CursorColumn> columns, std::string summary,
                                                ExecuteAgain execute_again) {
  return std::make_unique<OdbcCursor>(session, std::move(executed), std::move(columns), std::move(summary),
                                      std::move(execute_again));
}

}  // namespace connector::odbc
