// A table or query: described from the catalog or by preparing it, read as a stream of rows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/postgres/catalog.hpp"
#include "drivers/postgres/row_stream.hpp"
#include "drivers/postgres/session.hpp"
#include "drivers/postgres/types.hpp"

namespace connector::postgres {

/// A column of the description, and how it is read.
struct SourceColumn {
  std::size_t position = 0;  ///< in the query
  std::string name;          ///< as the server spells it
  ColumnRule rule;
};

class PostgresSource final : public core::Source {
 public:
  /// Describes the request, without executing it, in a new transaction.
  PostgresSource(Session& session, const core::SourceRequest& request);
  /// Stops the remote statement if rows are left; then the session is of no more use.
  ~PostgresSource() override;

  const core::SourceDescription& description() const override { return description_; }
  bool read_range(const core::CursorRange& range) override;
  std::optional<std::string> change_mark() override;
  void open(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit) override;
  bool fetch(core::RowBatch& batch) override { return stream_->fetch(batch); }

 private:
  /// A column before the request has chosen among them.
  struct Column {
    std::string name;   ///< as the server spells it
    std::string shown;  ///< in UTF-8
    TypeUse use;
  };

  void describe_table(const core::SourceRequest& request);
  void describe_query(const core::SourceRequest& request);
  void show_names(std::vector<Column>& columns);
  static std::vector<std::size_t> chosen(const std::vector<Column>& columns, const core::SourceRequest& request);
  core::RemoteColumn& add_column(const Column& column, std::size_t position);
  std::string shown_comment(const std::string& comment);
  std::string copy_statement(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit) const;
  std::string query_columns() const;
  std::string column_sql(const SourceColumn& column) const;

  Session& session_;
  std::string table_;  ///< quoted; empty = a query
  std::string query_;
  std::string summary_;
  std::string range_;  ///< the condition of read_range()
  std::string order_;
  bool copyable_ = true;
  std::optional<std::string> stored_encoding_;  ///< text comes as it is stored, in this encoding
  int money_digits_ = 2;
  CatalogTypes types_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;       ///< as those of the description
  std::vector<std::uint32_t> query_types_;  ///< of all columns of the query
  std::unique_ptr<RowStream> stream_;
};

}  // namespace connector::postgres
