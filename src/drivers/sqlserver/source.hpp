// A table or query: described by the server, read as a stream of rows.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/sqlserver/description.hpp"
#include "drivers/sqlserver/session.hpp"
#include "drivers/sqlserver/types.hpp"

namespace connector::sqlserver {

/// A column of the result that is read into the batch.
struct WireColumn {
  int number = 0;  ///< db-lib counts from 1
  Decode decode = Decode::text;
  std::size_t target = 0;
  bool is_converted = false;  ///< text that the library converts to UTF-8
  int bytes_number = 0;  ///< the column that has the value if it is bytes, to be shown as digits; 0 = there is none
};

/// The rows of a statement that was started.
class SqlServerCursor final : public core::RemoteCursor {
 public:
  /// `offset`: rows that are passed over first.
  SqlServerCursor(Session& session, std::vector<WireColumn> columns, std::int64_t offset)
      : session_(session), columns_(std::move(columns)), offset_(offset) {}
  /// Stops the remote statement if rows are left; then the session is of no more use.
  ~SqlServerCursor() override;

  bool fetch(core::RowBatch& batch) override;

 private:
  void read_row(core::RowBatch& batch);

  Session& session_;
  std::vector<WireColumn> columns_;
  std::int64_t offset_;
};

class SqlServerSource final : public core::Source {
 public:
  /// Describes the request. A query that the server can't describe is started. `database`: of the connection.
  SqlServerSource(Session& session, const core::SourceRequest& request, std::string_view database);
  /// Stops a statement that nobody has read; then the session is of no more use.
  ~SqlServerSource() override;

  /// See core::Connection::join().
  static std::unique_ptr<core::Source> join(Session& session, std::span<core::Source* const> parts);

  const core::SourceDescription& description() const override { return description_; }
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  bool groups_by(std::size_t column) override;
  std::optional<core::RemoteColumn> aggregate(const core::Aggregate& aggregate) override;
  bool joins(const core::Join& join) override;
  /// Of tables only, not of views ("FROM clause plus JOIN, APPLY, PIVOT").
  bool samples() override { return is_base_table_; }
  std::string statement(const core::Scan& scan) override;
  std::vector<std::string> divide(std::size_t wanted) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;
  std::string why_no_sums(const core::RangeRequest& request) override;
  /// The state is that of the first statement that reads behind this. The session's next source ends it.
  void hold_state() override;
  std::vector<core::RangeSum> sum_ranges(const core::RangeRequest& request) override;
  std::string sum_form(const core::RangeRequest& request) override;

 private:
  /// A column of the statement that was described.
  struct Column {
    std::string name;
    ColumnRule rule;
    bool not_null = false;
  };
  /// A column of the description, and how it is read.
  struct SourceColumn {
    std::size_t position = 0;  ///< in the statement that was described
    std::string sql;           ///< the column itself, whatever it is rewritten to
    ColumnRule rule;
    std::string part = {};  ///< of a join: the part that it is of
  };
  /// A column of a result.
  struct Expected {
    std::string name;
    ColumnRule rule;
    bool is_wanted = true;  ///< else it is there to be checked
  };
  SqlServerSource(Session& session, const std::vector<SqlServerSource*>& parts, core::SourceDescription description);
  void describe_table(const core::SourceRequest& request, std::string_view database);
  void describe_query(const core::SourceRequest& request);
  std::optional<std::vector<ColumnFacts>> describe_select(const std::string& select);
  std::optional<std::vector<ColumnFacts>> describe_wrapped();
  std::vector<ColumnFacts> empty_result(const std::string& select);
  std::vector<ColumnFacts> result_at_hand();
  std::vector<Column> columns_of(const std::vector<ColumnFacts>& facts) const;
  static std::vector<std::size_t> chosen(const std::vector<Column>& columns, const core::SourceRequest& request);
  core::RemoteColumn& add_column(const Column& column, std::size_t position);
  std::vector<std::size_t> all_columns() const;
  std::vector<std::size_t> rewritten_columns(const std::vector<std::size_t>& selected) const;
  void prepare_rewriting();
  bool can_select();
  bool find_wrapping();
  bool computes();
  const std::string& column_sql(std::size_t index) const { return columns_[index].sql; }
  std::string from_sql() const;
  std::string hash_sql(const core::RangeRequest& request) const;
  std::string select_list(const std::vector<std::size_t>& selected) const;
  std::string wrapped_query(std::string_view more, std::string_view alias = "q") const;
  bool asks_for_a_part(const core::Scan& scan) const;
  bool is_select(const core::Scan& scan);
  std::vector<std::size_t> checked_columns(const core::Scan& scan) const;
  std::string checks(const core::Scan& scan) const;
  std::string part_sql(const std::string& alias) const;
  ColumnRule aggregate_rule(const core::Aggregate& aggregate) const;
  std::vector<Expected> expected(const core::Scan& scan, bool is_select) const;
  std::string select(const core::Scan& scan) const;
  std::vector<WireColumn> wire_columns(const core::Scan& scan, bool is_select);
  core::Error changed_error(std::string_view what = {}) const;

  Session& session_;
  std::string table_;  ///< quoted; empty = a query or a join
  std::string query_;
  std::vector<std::string> parts_;  ///< of a join: what stands behind FROM and each JOIN
  bool has_one_state_ = true;       ///< nothing but tables and views is read
  std::string summary_;
  std::optional<std::string> encoding_;
  bool started_ = false;  ///< the query runs already, and nobody has read its rows
  bool is_base_table_ = false;
  bool invalid_become_null_ = false;
  std::optional<bool> can_be_wrapped_;      ///< whether the query can stand in another one, once that was asked
  std::string wrapping_;                    ///< what the query needs behind it for that
  std::optional<bool> hashes_long_values_;  ///< the server, once that was asked
  std::size_t query_columns_ = 0;           ///< of the query
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
};

}  // namespace connector::sqlserver
