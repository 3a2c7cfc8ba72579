// A table or query: described from the catalog or by preparing it, read as a stream of rows.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"
#include "drivers/postgres/catalog.hpp"
#include "drivers/postgres/cursors.hpp"
#include "drivers/postgres/session.hpp"
#include "drivers/postgres/types.hpp"

namespace connector::postgres {

/// A column of the description, and how it is read.
struct SourceColumn {
  std::size_t position = 0;  ///< in the query
  std::string sql;           ///< without what it is cast to
  ColumnRule rule;
};

class PostgresSource final : public core::Source {
 public:
  /// Describes the request, without executing it, in a new transaction.
  PostgresSource(Session& session, const core::SourceRequest& request);
  /// Describes a table of which the catalog was read already. The server is not asked for anything.
  PostgresSource(Session& session, const core::SourceRequest& request, const CatalogTable& table,
                 const CatalogTypes& types, int money_digits);
  /// Stops a statement that failed to begin, and ends what hold_state() began.
  ~PostgresSource() override;

  /// See core::Connection::join().
  static std::unique_ptr<core::Source> join(Session& session, std::span<core::Source* const> parts);

  const core::SourceDescription& description() const override { return description_; }
  std::optional<std::string> change_mark() override;
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  bool orders_cheaply(std::size_t column) override;
  bool groups_by(std::size_t column) override;
  std::optional<core::RemoteColumn> aggregate(const core::Aggregate& aggregate) override;
  bool joins(const core::Join& join) override;
  bool samples() override;
  std::string statement(const core::Scan& scan) override;
  std::string why_no_sums(const core::RangeRequest& request) override;
  std::vector<std::string> divide(std::size_t wanted) override;
  void hold_state() override;
  std::vector<core::RangeSum> sum_ranges(const core::RangeRequest& request) override;
  std::string sum_form(const core::RangeRequest& request) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  /// A column before the request has chosen among them.
  struct Column {
    std::string name;   ///< as the server spells it
    std::string shown;  ///< in UTF-8
    TypeUse use;
  };

  PostgresSource(Session& session, const std::vector<const PostgresSource*>& parts,
                 core::SourceDescription description);
  void describe_table(const core::SourceRequest& request);
  void add_table(const core::SourceRequest& request, const CatalogTable& table);
  void describe_query(const core::SourceRequest& request);
  void show_names(std::vector<Column>& columns);
  static std::vector<std::size_t> chosen(const std::vector<Column>& columns, const core::SourceRequest& request);
  core::RemoteColumn& add_column(const Column& column, std::size_t position);
  void describe_parts(const CatalogTable& table, std::map<int, std::string>& names);
  std::string reread(const std::string& text);
  std::string shown(const std::string& text);
  const core::Dialect& own_dialect() const;
  bool is_as_it_is(const core::Scan& scan) const;
  void begin_reading();
  ReadStatement reading_settings() const;
  std::string select_statement(const core::Scan& scan) const;
  std::string from_sql() const;
  std::string part_sql(const std::string& alias) const;
  std::string seen_columns(const std::string& alias) const;
  std::vector<Decode> decodes(const core::Scan& scan) const;
  std::string hash_sql(const core::RangeRequest& request) const;
  std::string look_statement() const;
  std::string query_columns(std::string_view alias) const;
  std::string column_sql(const SourceColumn& column) const;

  Session& session_;
  std::string table_;  ///< quoted; empty = a query or a join
  std::string query_;
  std::string summary_;
  std::vector<std::string> parts_;  ///< of a join: what stands behind FROM and each JOIN
  std::string joined_look_;         ///< and the columns that look_statement() has
  bool copyable_ = true;
  std::optional<std::string> stored_encoding_;  ///< text comes as it is stored, in this encoding
  bool invalid_become_null_;
  bool samples_ = false;
  int money_digits_ = 2;
  CatalogTypes types_;
  core::SourceDescription description_;
  std::vector<SourceColumn> columns_;       ///< as those of the description
  std::vector<std::uint32_t> query_types_;  ///< of all columns of the query
  std::vector<TypeUse> seen_;               ///< types in the result of look_statement()
  std::uint64_t seen_with_locks_ = 0;       ///< HeldSnapshot::locks when they were last found to be so
  std::uint64_t new_transaction_ = 0;       ///< Session::transaction() of one that nothing has been read in
  bool is_locked_ = false;                  ///< against changes, in that one, since it was described
  bool holds_state_ = false;                ///< the session's snapshot is this source's
};

}  // namespace connector::postgres
