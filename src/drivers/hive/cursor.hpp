// The rows of an operation.
#pragma once

#include <cstdint>
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

}  // namespace connector::hive
