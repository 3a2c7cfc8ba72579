// A table or query: described by preparing it, read as a stream of binary rows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"
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

/// The rows of a statement.
class MysqlCursor final : public core::RemoteCursor {
 public:
  MysqlCursor(Session& session, std::unique_ptr<Statement> statement, std::string summary);
  /// Stops the remote statement if rows are left; then the session is of no more use.
  ~MysqlCursor() override;

  /// Runs the statement; gives the columns that its rows have.
  std::vector<Field> execute();
  /// To be called before rows are fetched.
  void set_decoder(RowDecoder decoder) { decoder_.emplace(std::move(decoder)); }

  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> substitutions(std::size_t kind) const override;
  std::vector<core::RemoteWarning> warnings() const override { return warnings_; }

 private:
  Session& session_;
  std::unique_ptr<Statement> statement_;
  std::optional<RowDecoder> decoder_;
  std::string summary_;
  std::vector<core::RemoteWarning> warnings_;
};

class MysqlSource final : public core::Source {
 public:
  /// Describes the request, without executing it. `default_schema` may be empty.
  MysqlSource(Session& session, const core::SourceRequest& request, std::string_view default_schema);

  const core::SourceDescription& description() const override { return description_; }
  std::optional<std::string> change_mark() override;
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  void describe_table(const core::SourceRequest& request, const CatalogTable& catalog);
  void describe_invisible(const core::SourceRequest& request, const CatalogTable& catalog,
                          const std::vector<Field>& fields);
  void describe_parts(const CatalogTable& catalog, const std::vector<Field>& fields);
  void describe_query(const core::SourceRequest& request);
  bool has_generated_key();
  bool can_compare(std::size_t column);
  bool can_stand_in_another();
  bool names_differ() const;
  std::vector<bool> ask_for_numbers(std::vector<Field>& fields);
  std::string column_sql(std::size_t index) const;
  std::string derived_table() const;
  core::Dialect::Selection selection(const core::Scan& scan) const;
  core::RemoteColumn& add_column(const Field& field, std::size_t wire_column, bool is_json,
                                 const std::optional<core::LogicalType>& wanted);
  WireColumn wire_column(const SourceColumn& column, const Field& field) const;
  core::Error changed_error() const;
  std::vector<WireColumn> wire_columns(const std::vector<Field>& fields,
                                       const std::vector<std::size_t>& selected) const;

  Session& session_;
  std::string schema_name_;
  std::string table_name_;
  std::string table_;  ///< quoted; empty = a query
  std::string query_;  ///< empty = a table
  std::string summary_;
  TextReading reading_;
  core::InvalidValues zero_dates_;
  bool tinyint1_is_boolean_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;      ///< as those of the description
  std::unique_ptr<Statement> described_;   ///< a query's; the first cursor that reads it as it is takes it
  std::vector<std::string> query_names_;   ///< of a query's columns
  std::optional<bool> stands_in_another_;  ///< a query, once it was tried
};

}  // namespace connector::mysql
