// A table or query: described by what the driver tells of its result's columns.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/odbc/cursor.hpp"
#include "drivers/odbc/session.hpp"
#include "drivers/odbc/types.hpp"

namespace connector::odbc {

class OdbcSource final : public core::Source {
 public:
  /// Describes the request, by a statement that reads no rows if that can be had. A query that has to be run for that
  /// is run once: the first cursor reads that result.
  OdbcSource(Session& session, const core::SourceRequest& request);

  /// The parts, each of which can_be_joined(), as one.
  OdbcSource(Session& session, std::span<const OdbcSource* const> parts, core::SourceDescription description);

  bool can_be_joined() const noexcept { return takes_scans_ && relations_.size() == 1; }
  const core::SourceDescription& description() const override { return description_; }
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  bool groups_by(std::size_t column) override;
  std::optional<core::RemoteColumn> aggregate(const core::Aggregate& aggregate) override;
  bool joins(const core::Join& join) override;
  std::string statement(const core::Scan& scan) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  /// A column of the description, as the driver told of it then.
  struct SourceColumn {
    std::size_t wire_column;  ///< of the query, or of the table's columns that were asked for; from 1
    ColumnFacts facts;
    std::optional<core::LogicalType> wanted;
    std::optional<std::string> encoding;
    std::string sql;
    std::size_t part = 0;  ///< of relations_
  };
  void describe_table(const core::SourceRequest& request);
  void describe_query(const core::SourceRequest& request);
  std::vector<ColumnFacts> table_facts(const std::string& list);
  std::vector<ColumnFacts> query_facts();
  std::optional<std::vector<ColumnFacts>> facts_without_rows(const std::string& list, const std::string& from);
  std::vector<ColumnFacts> facts_by_running(const std::string& sql);
  void describe_computed();
  void add_column(const ColumnFacts& facts, const std::string& name, std::size_t wire_column,
                  const core::SourceRequest& request);
  void check_names(const std::vector<ColumnFacts>& facts, const core::SourceRequest& request) const;
  void read_catalog(const core::SourceRequest& request);
  bool takes_scans() const noexcept { return takes_scans_ && !relations_.empty(); }
  bool is_read_as_it_is(const core::Scan& scan) const;
  bool is_combined(const core::Scan& scan) const noexcept { return scan.is_grouped || relations_.size() > 1; }
  core::RemoteColumn described_as(const ColumnFacts& facts, const std::optional<core::LogicalType>& wanted,
                                  const std::optional<std::string>& encoding) const;
  std::string relation(std::size_t part) const;
  std::vector<std::size_t> columns_beside(const core::Scan& scan) const;
  void check_columns_of_parts(const core::Scan& scan);
  void check_values(std::size_t column, const ColumnFacts& told) const;
  void check_comparison(std::size_t column, const ColumnFacts& told) const;
  CursorColumn cursor_column(const core::Aggregate& aggregate) const;
  std::vector<CursorColumn> cursor_columns(const core::Scan& scan, const std::vector<ColumnFacts>& told,
                                           bool by_wire_column) const;
  core::Error changed_error() const;

  Session& session_;
  std::string query_;  ///< the statement itself that was asked for, or that reads the whole table
  bool is_query_ = false;
  /// What stands behind FROM, and for each part but the first behind JOIN, without aliases: a table's name, or a query
  /// in brackets. Empty = a query that can't be a part of another one.
  std::vector<std::string> relations_;
  StatementHandle unread_;  ///< has run query_, and nobody has read its result
  std::string summary_;
  std::optional<std::string> encoding_;
  std::chrono::steady_clock::time_point run_at_{};  ///< when unread_ was
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
  std::size_t query_columns_ = 0;      ///< of query_
  bool takes_scans_;                   ///< relations_, conditions and orders can be sent
};

}  // namespace connector::odbc
