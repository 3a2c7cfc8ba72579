// A table or query: described by its result's columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/hive/cursor.hpp"
#include "drivers/hive/session.hpp"
#include "drivers/hive/types.hpp"

namespace connector::hive {

class HiveSource final : public core::Source {
 public:
  /// Describes the request by statements that read no rows. A query that can't be a part of another one is run, as only
  /// its result tells its columns; the first cursor reads that result. `default_schema` must not be empty.
  HiveSource(Session& session, const core::SourceRequest& request, std::string_view default_schema);
  /// The parts, each of which can_be_joined(), as one. `is_null_test_exact`: also that of a column that a LEFT JOIN may
  /// have made NULL.
  HiveSource(Session& session, std::span<HiveSource* const> parts, core::SourceDescription description,
             bool is_null_test_exact);
  /// Ends a statement that nobody has read to its end.
  ~HiveSource() override;

  bool can_be_joined() const noexcept { return parts_.size() == 1; }
  /// Asks the server, once, by which columns the table is partitioned. Texts of the other columns can be compared with
  /// each other: see binary_collation.
  void look_at_partitions();

  const core::SourceDescription& description() const override { return description_; }
  core::Support support(const core::Expression& condition) override;
  /// By timestamps, too, for who reads on from one: RemoteColumn::is_rounded.
  bool orders_by(std::size_t column) override;
  bool groups_by(std::size_t column) override;
  std::optional<core::RemoteColumn> aggregate(const core::Aggregate& aggregate) override;
  bool joins(const core::Join& join) override;
  bool takes(const core::Scan& scan) override;
  bool samples() override { return parts_.size() == 1; }
  std::string statement(const core::Scan& scan) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  /// A column of the description, and how it is read.
  struct SourceColumn {
    std::size_t wire_column = 0;  ///< of the query
    ColumnRule rule{};
    std::optional<core::LogicalType> wanted{};
    std::string sql{};
  };
  /// What stands behind FROM or JOIN.
  struct Part {
    std::string relation{};  ///< a table's name, or a query in brackets; without the alias
    std::size_t first_column = 0;
  };
  void describe_table(const core::SourceRequest& request);
  void describe_query(const core::SourceRequest& request);
  std::optional<rpc::TableSchema> derived_schema();
  void add_column(const rpc::ColumnDesc& column, const std::string& name, std::size_t wire_column,
                  const core::SourceRequest& request);
  void run_query(const Task& task);
  bool is_read_as_it_is(const core::Scan& scan) const;
  std::size_t part_of(std::size_t column) const noexcept;
  bool asks_for_no_partner(const core::Scan& scan) const;
  std::vector<std::size_t> columns_beside(const core::Scan& scan) const;
  ColumnRule rule_of(const core::Aggregate& aggregate) const;
  std::vector<SourceColumn> result_columns(const core::Scan& scan) const;
  void check_columns_out_of_sight(const core::Scan& scan);
  std::vector<Reading> readings_of_scan(const core::Scan& scan);
  std::vector<Reading> readings_of_query(const core::Scan& scan);
  void check_rule(const SourceColumn& column, const rpc::ColumnDesc& sent) const;
  core::Error changed_error() const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string query_;        ///< empty = a table
  std::vector<Part> parts_;  ///< empty = a query that can't be a part of another one
  /// The operation that has run the query, and whose rows nobody has read.
  std::optional<std::uint64_t> unread_operation_;
  std::string summary_;
  std::string encoding_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
  std::size_t query_columns_ = 0;      ///< of the query
  bool is_table_ = false;              ///< and no view, as which partitions may be hidden
  bool knows_partitions_ = false;
  bool is_null_test_exact_ = true;
};

}  // namespace connector::hive
