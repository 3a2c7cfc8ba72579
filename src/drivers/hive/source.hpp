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
  /// The operation's result has `wire_columns` columns. `limit`: the most rows that are wanted.
  HiveCursor(Session& session, std::vector<Reading> readings, std::size_t wire_columns,
             std::optional<std::int64_t> limit, std::string summary);
  /// Stops the remote statement if it has not ended; then the session is of no more use.
  ~HiveCursor() override;

  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> substitutions(std::size_t /*nested_text*/) const override { return nested_texts_; }

 private:
  void ask();
  bool next_rows();
  void check_kinds() const;

  Session& session_;
  std::vector<Reading> readings_;
  std::size_t wire_columns_;
  std::string summary_;
  FetchSize fetch_size_;
  std::optional<std::int64_t> rows_left_;    ///< that are wanted, of those not asked for
  std::vector<std::uint64_t> nested_texts_;  ///< per reading
  ResultRows rows_;
  std::size_t row_ = 0;
};

class HiveSource final : public core::Source {
 public:
  /// Describes the request: a table by a statement that reads no rows; a query by running it, as only its result tells
  /// its columns; the first cursor reads that result. `default_schema` must not be empty.
  HiveSource(Session& session, const core::SourceRequest& request, std::string_view default_schema);
  /// Stops a statement that nobody has read to its end; then the session is of no more use.
  ~HiveSource() override;

  const core::SourceDescription& description() const override { return description_; }
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  /// A column of the description, and how it is read.
  struct SourceColumn {
    std::size_t wire_column;
    ColumnRule rule;
    std::optional<core::LogicalType> wanted;
  };
  void describe_table(const core::SourceRequest& request);
  void describe_query(const core::SourceRequest& request);
  void add_column(const rpc::ColumnDesc& column, std::string name, std::size_t wire_column,
                  const std::optional<core::LogicalType>& wanted);
  void run_query(const Task& task);
  std::vector<Reading> readings_of_table(const core::Scan& scan);
  std::vector<Reading> readings_of_query(const core::Scan& scan);
  void check_rule(const SourceColumn& column, const rpc::ColumnDesc& sent) const;
  core::Error changed_error() const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string table_;  ///< quoted; empty = a query
  std::string query_;
  bool query_has_run_ = false;  ///< and nobody has read its rows
  std::string summary_;
  std::string encoding_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
  std::size_t wire_columns_ = 0;       ///< of the operation
};

}  // namespace connector::hive
