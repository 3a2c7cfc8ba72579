// A table or query: described by its result's columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/hive/result_rows.hpp"
#include "drivers/hive/session.hpp"
#include "drivers/hive/types.hpp"

namespace connector::hive {

/// How many rows are asked for at once: few at first, then as many as make up a good piece of memory.
class FetchSize {
 public:
  /// `most`: what the request allows; 0 = no say.
  explicit FetchSize(std::int64_t most = 0) noexcept;
  std::int64_t rows() const noexcept { return rows_; }
  /// So many rows came, with so many bytes.
  void learn(std::size_t rows, std::size_t bytes) noexcept;

 private:
  std::int64_t most_;
  std::int64_t rows_;
};

/// A column that is wanted, and how it is read.
struct Reading {
  std::size_t wire_column;
  Decode decode;
  core::LogicalType type;
};

/// The rows of the session's operation, read in pieces that are asked for ahead.
class HiveCursor final : public core::RemoteCursor {
 public:
  /// The operation's result has `wire_columns` columns. Passes over `offset` rows; `limit`: the most rows that are
  /// wanted behind them.
  HiveCursor(Session& session, std::vector<Reading> readings, std::size_t wire_columns,
             std::optional<std::int64_t> limit, std::int64_t offset, std::string summary);
  /// Ends the remote statement if it has not ended. The session lasts if the server answers at once.
  ~HiveCursor() override;

  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> substitutions(std::size_t /*nested_text*/) const override { return nested_texts_; }

 private:
  void ask();
  bool next_rows();
  void check_kinds() const;

  Session& session_;
  std::uint64_t operation_;
  std::vector<Reading> readings_;
  std::size_t wire_columns_;
  std::string summary_;
  FetchSize fetch_size_;
  std::optional<std::int64_t> rows_left_;  ///< that are wanted, of those not asked for
  std::int64_t rows_to_skip_;
  std::vector<std::uint64_t> nested_texts_;  ///< per reading
  ResultRows rows_;
  std::size_t row_ = 0;
};

class HiveSource final : public core::Source {
 public:
  /// Describes the request by statements that read no rows. A query that can't be a part of another one is run, as only
  /// its result tells its columns; the first cursor reads that result. `default_schema` must not be empty.
  HiveSource(Session& session, const core::SourceRequest& request, std::string_view default_schema);
  /// Ends a statement that nobody has read to its end.
  ~HiveSource() override;

  const core::SourceDescription& description() const override { return description_; }
  core::Support support(const core::Expression& condition) override;
  /// By timestamps, too, for who reads on from one: RemoteColumn::is_rounded.
  bool orders_by(std::size_t column) override;
  bool samples() override { return !from_.empty(); }
  std::string statement(const core::Scan& scan) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  /// A column of the description, and how it is read.
  struct SourceColumn {
    std::size_t wire_column;  ///< of the query
    ColumnRule rule;
    std::optional<core::LogicalType> wanted;
  };
  void describe_table(const core::SourceRequest& request);
  void describe_query(const core::SourceRequest& request);
  std::optional<rpc::TableSchema> derived_schema();
  void add_column(const rpc::ColumnDesc& column, const std::string& name, std::size_t wire_column,
                  const core::SourceRequest& request);
  void run_query(const Task& task);
  bool is_read_as_it_is(const core::Scan& scan) const;
  std::vector<std::size_t> selected_columns(const core::Scan& scan) const;
  std::vector<Reading> readings_of_scan(const core::Scan& scan);
  std::vector<Reading> readings_of_query(const core::Scan& scan);
  void check_rule(const SourceColumn& column, const rpc::ColumnDesc& sent) const;
  core::Error changed_error() const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string query_;  ///< empty = a table
  std::string from_;   ///< what stands behind FROM; empty = a query that can't be a part of another one
  /// The operation that has run the query, and whose rows nobody has read.
  std::optional<std::uint64_t> unread_operation_;
  std::string summary_;
  std::string encoding_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
  std::size_t query_columns_ = 0;      ///< of the query
};

}  // namespace connector::hive
