// A table or query: described by its result's columns, read in pieces that are asked for ahead.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/provider.hpp"
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

class HiveSource final : public core::Source {
 public:
  /// Describes the request: a table by a statement that reads no rows; a query by running it, as only its result tells
  /// its columns, and it may run once only. `default_schema` must not be empty.
  HiveSource(Session& session, const core::SourceRequest& request, std::string_view default_schema);
  /// Stops the remote statement if it has not ended; then the session is of no more use.
  ~HiveSource() override;

  const core::SourceDescription& description() const override { return description_; }
  bool read_range(const core::CursorRange& range) override;
  void open(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit) override;
  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> nested_text_counts() const override { return nested_texts_; }

 private:
  /// A column of the description, and how it is read.
  struct SourceColumn {
    std::size_t wire_column;
    ColumnRule rule;
    std::optional<core::LogicalType> wanted;
  };
  /// A column that is wanted.
  struct Reading {
    std::size_t wire_column;
    Decode decode;
    core::LogicalType type;
  };

  void describe_table(const core::SourceRequest& request);
  void describe_query(const core::SourceRequest& request);
  void add_column(const rpc::ColumnDesc& column, std::string name, std::size_t wire_column,
                  const std::optional<core::LogicalType>& wanted);
  void read_table(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit);
  void ask();
  bool next_rows();
  void check_kinds() const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string table_;  ///< quoted; empty = a query
  std::string range_;  ///< the condition of read_range()
  std::string order_;
  std::string summary_;
  std::string encoding_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
  std::vector<Reading> readings_;
  std::size_t wire_columns_ = 0;
  FetchSize fetch_size_;
  std::optional<std::int64_t> rows_left_;    ///< that are wanted, of those not asked for
  std::vector<std::uint64_t> nested_texts_;  ///< per reading
  ResultRows rows_;
  std::size_t row_ = 0;
};

}  // namespace connector::hive
