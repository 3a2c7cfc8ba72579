// A table or query: described by preparing it, read as a stream of binary rows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/mysql/catalog.hpp"
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
  bool is_number = false;  ///< bits that the statement asks for as the number that they are
  std::optional<core::LogicalType> wanted;
};

class MysqlSource final : public core::Source {
 public:
  /// Describes the request, without executing it. `default_schema` may be empty.
  MysqlSource(Session& session, const core::SourceRequest& request, std::string_view default_schema);
  /// Stops the remote statement if rows are left; then the session is of no more use.
  ~MysqlSource() override;

  const core::SourceDescription& description() const override { return description_; }
  bool read_range(const core::CursorRange& range) override;
  std::optional<std::string> change_mark() override;
  void open(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit) override;
  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> zero_date_counts() const override;
  std::vector<core::RemoteWarning> remote_warnings() const override { return warnings_; }

 private:
  void describe_table(const core::SourceRequest& request, const CatalogTable& catalog);
  void describe_invisible(const core::SourceRequest& request, const CatalogTable& catalog,
                          const std::vector<Field>& fields);
  void describe_query(const core::SourceRequest& request);
  bool has_generated_key();
  void choose_columns(const core::SourceRequest& request, const std::vector<Field>& fields);
  std::vector<bool> ask_for_numbers(std::vector<Field>& fields);
  std::string column_sql(std::size_t index) const;
  core::RemoteColumn& add_column(const Field& field, std::size_t wire_column, bool is_json,
                                 const std::optional<core::LogicalType>& wanted);
  WireColumn wire_column(const SourceColumn& column, const Field& field) const;
  core::Error changed_error() const;
  std::vector<WireColumn> wire_columns(const std::vector<std::size_t>& selected) const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string table_;  ///< quoted; empty = a query
  std::string query_;  ///< empty = a table
  std::string range_;  ///< the condition of read_range()
  std::string order_;
  std::string summary_;
  TextReading reading_;
  core::InvalidValues zero_dates_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;  ///< as those of the description
  std::unique_ptr<Statement> statement_;
  std::unique_ptr<RowDecoder> decoder_;
  std::vector<core::RemoteWarning> warnings_;
};

}  // namespace connector::mysql
