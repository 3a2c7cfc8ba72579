// A table or query: described by preparing it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"
#include "drivers/mysql/catalog.hpp"
#include "drivers/mysql/cursor.hpp"
#include "drivers/mysql/row_decoder.hpp"
#include "drivers/mysql/session.hpp"
#include "drivers/mysql/statement.hpp"
#include "drivers/mysql/types.hpp"

namespace connector::mysql {

/// A column of the description, and how it is read.
struct SourceColumn {
  std::size_t wire_column = 0;  ///< of the statement that was described
  ColumnRule rule;
  bool is_json = false;
  bool is_number = false;      ///< bits that the statement asks for as the number that they are
  bool is_expression = false;  ///< of a view or query
  bool is_of_query = false;
  std::size_t part = 0;  ///< of a joined source
  std::optional<core::LogicalType> wanted;
};

class MysqlSource final : public core::Source {
 public:
  /// Describes the request, without executing it. `default_schema` may be empty. `catalog`: what is about its table
  /// and others already; null = it is asked for.
  MysqlSource(Session& session, const core::SourceRequest& request, std::string_view default_schema,
              CatalogRows* catalog = nullptr);

  /// Sources of one session, joined; null if they can't be read together.
  static std::unique_ptr<MysqlSource> join(std::span<MysqlSource* const> parts);

  const core::SourceDescription& description() const override { return description_; }
  std::optional<std::string> change_mark() override;
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  bool groups_by(std::size_t column) override;
  std::optional<core::RemoteColumn> aggregate(const core::Aggregate& aggregate) override;
  bool joins(const core::Join& join) override;
  /// From MySQL 8.0.18 on ("Hash Join Optimization"); MariaDB has them for equality of columns as they are only.
  bool hashes_joins() override { return session_.version().at_least(80018, 0); }
  bool samples() override { return !is_joined() && can_be_asked(); }
  std::string statement(const core::Scan& scan) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;
  std::vector<std::string> divide(std::size_t wanted) override;
  std::string why_no_sums(const core::RangeRequest& request) override;
  /// The session's next source ends it.
  void hold_state() override;
  std::vector<core::RangeSum> sum_ranges(const core::RangeRequest& request) override;
  std::string sum_form(const core::RangeRequest& request) override;

 private:
  explicit MysqlSource(std::span<MysqlSource* const> parts);
  bool is_joined() const noexcept { return !parts_.empty(); }

  void describe_table(const core::SourceRequest& request, const CatalogTable& catalog);
  void describe_invisible(const core::SourceRequest& request, const CatalogTable& catalog,
                          const std::vector<Field>& fields);
  void describe_parts(const CatalogTable& catalog, const std::vector<Field>& fields);
  void describe_query(const core::SourceRequest& request);
  bool has_generated_key();
  void describe_comparisons(const core::SourceRequest& request);
  bool can_be_asked();
  bool is_of_innodb();
  std::vector<std::string> divide_by(const std::string& index, const std::string& name, std::size_t wanted);
  std::string hash_sql(const core::RangeRequest& request) const;
  bool names_differ() const;
  std::vector<bool> ask_for_numbers(std::vector<Field>& fields);
  std::string column_sql(std::size_t index) const;
  std::string from() const;
  std::string derived_table() const;
  std::string part(std::size_t number) const;
  bool is_read_as_it_is(const core::Scan& scan) const;
  std::string setting(const core::Scan& scan) const;
  bool is_hidden(std::size_t column, const core::Scan& scan) const;
  bool is_asked_alone(std::size_t column, const core::Scan& scan) const;
  std::vector<std::size_t> relied_on(const core::Scan& scan) const;
  std::vector<std::size_t> compared(const core::Scan& scan) const;
  std::string select(const core::Dialect& dialect, const core::Scan& scan) const;
  std::shared_ptr<Statement> prepare(const core::Scan& scan);
  std::shared_ptr<Statement> prepare_with_parameters(core::Scan scan);
  core::RemoteColumn& add_column(const Field& field, std::size_t wire_column, bool is_json,
                                 const std::optional<core::LogicalType>& wanted);
  WireColumn wire_column(const SourceColumn& column, const Field& field, bool is_number) const;
  WireColumn aggregate_wire(const core::Aggregate& aggregate, const Field& field) const;
  void check_unchanged(std::size_t index, const Field& field, bool is_alone) const;
  core::Error changed_error() const;
  std::vector<WireColumn> wire_columns(const std::vector<Field>& fields, const core::Scan& scan) const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string table_;               ///< quoted; empty = a query
  std::string query_;               ///< empty = a table
  std::vector<std::string> parts_;  ///< of a joined source, tables and queries in brackets; empty = it is none
  std::string summary_;
  TextReading reading_;
  core::InvalidValues zero_dates_;
  bool tinyint1_is_boolean_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;     ///< as those of the description
  std::unique_ptr<Statement> described_;  ///< a query's; the first cursor that reads it as it is takes it
  std::shared_ptr<Statement> repeated_;   ///< the last one that had parameters
  std::string repeated_sql_;
  std::vector<std::string> query_names_;   ///< of a query's columns
  std::optional<bool> stands_in_another_;  ///< a query, once it was tried
  std::optional<bool> is_of_innodb_;       ///< a table, once that was asked
};

}  // namespace connector::mysql
