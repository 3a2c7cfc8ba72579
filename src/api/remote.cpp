// cdb_connector_check(), cdb_connector_tables(), cdb_connector_dry_run(): a look at the remote side.
#include "pg/postgres.hpp"

#include <algorithm>
#include <utility>

#include "api/json.hpp"
#include "api/preview.hpp"
#include "jobs/request.hpp"
#include "core/base/error.hpp"
#include "load/refresh/refresh.hpp"
#include "pg/entry.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/tie.hpp"
#include "core/request/connector_reader.hpp"
#include "load/refresh/refresh_mode.hpp"
#include "load/table/default_columns.hpp"
#include "load/table/new_distribution.hpp"
#include "load/table/target_table.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/memutils.h"
}

using connector::api::Json;
using connector::api::json_datum;
using connector::core::RequestKind;
using connector::jobs::Request;

namespace {

constexpr std::int64_t max_preview_rows = 1000;

/// Nobody watches a dry run; only its errors tell how far it came.
class DryRunProgress final : public connector::load::Progress {
 public:
  void phase(connector::load::RunPhase phase) noexcept override { phase_ = phase; }
  void expect(std::uint64_t /*rows*/) noexcept override {}
  void add(std::uint64_t rows, std::uint64_t /*bytes*/) noexcept override { rows_ += rows; }
  connector::load::RunPhase present_phase() const noexcept override { return phase_; }
  std::uint64_t loaded_rows() const noexcept override { return rows_; }

 private:
  connector::load::RunPhase phase_ = connector::load::RunPhase::connecting;
  std::uint64_t rows_ = 0;
};

Json optional_count(const std::optional<std::int64_t>& count) {
  return count ? Json(*count) : Json(nullptr);
}

Json describe_columns(const connector::load::LoadPlan& plan, const connector::core::SourceDescription& source) {
  Json columns = Json::array();
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    const connector::core::RemoteColumn& remote = source.columns[i];
    Json column = {{"remote_name", remote.name}, {"remote_type", remote.remote_type}};
    const auto planned = std::ranges::find_if(plan.columns, [i](const auto& entry) { return entry.remote == i; });
    if (planned != plan.columns.end()) {
      column["name"] = planned->name;
      column["type"] = connector::pg::utf8_text(planned->target.shown);
      column["not_null"] = planned->not_null;
    } else {
      column["name"] = nullptr;
      column["type"] = nullptr;
      column["left_out"] = remote.unsupported_reason.empty() ? "not asked for" : remote.unsupported_reason;
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

/// As an import with `default_columns` creates them: those that it adds have no remote name, and all of them come
/// first.
Json with_default_columns(const Json& columns) {
  Json result = Json::array();
  for (const connector::load::DefaultColumn& first : connector::load::new_default_columns()) {
    const auto of_source =
        std::ranges::find_if(columns, [&](const Json& column) { return column["name"] == first.name; });
    result.push_back(of_source != columns.end() ? *of_source
                                                : Json{{"remote_name", nullptr},
                                                       {"remote_type", nullptr},
                                                       {"name", first.name},
                                                       {"type", connector::pg::utf8_text(first.type)},
                                                       {"not_null", !first.generation.empty()}});
  }
  const Json firsts = result;
  for (const Json& column : columns) {
    if (std::ranges::find(firsts, column) == firsts.end()) result.push_back(column);
  }
  return result;
}

Json primary_key(const connector::load::LoadPlan& plan) {
  Json key = Json::array();
  for (const std::size_t index : plan.primary_key) key.push_back(plan.columns[index].name);
  return key;
}

/// How a sync would refresh the table that has the local name already: null if there is none of the caller's.
Json refresh_mode(const Request& request, const connector::load::LoadPlan& plan) {
  const connector::core::ConnectorSpec& spec = request.spec();
  const std::string name = connector::pg::exact_server_text(connector::load::wanted_table_name(spec));
  const std::string table =
      spec.target_schema ? connector::pg::quote_qualified(connector::pg::exact_server_text(*spec.target_schema), name)
                         : connector::pg::quote_name(name);
  const connector::pg::SqlRows rows = connector::pg::query(
      "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1) "
      "AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,f}') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')",
      {{TEXTOID, table}});
  if (rows.empty()) return nullptr;
  std::string reason;
  const auto mode = connector::load::choose_mode(connector::pg::read_oid(rows[0][0]), spec, plan, reason);
  return {{"mode", std::string(connector::load::refresh_mode_name(mode))},
          {"reason", reason.empty() ? Json(nullptr) : Json(reason)}};
}

/// How a new table would be distributed: the column's local name, or the word for a copy on each node. Null if that is
/// not asked for, or a table that is there would be overwritten.
Json new_distribution(const Request& request, const connector::load::LoadPlan& plan, const Json& refresh) {
  const connector::core::ConnectorSpec& spec = request.spec();
  const bool overwrites =
      spec.collision_strategy == connector::core::CollisionStrategy::overwrite && !refresh.is_null();
  if (!spec.distribute || overwrites) return nullptr;
  const auto schema = connector::load::find_target_schema(spec.target_schema);
  const auto distribution = connector::load::plan_distribution(spec, schema, plan);
  return distribution->column ? Json({{"column", plan.columns[*distribution->column].name}}) : Json("reference");
}

}  // namespace

CONNECTOR_FUNCTION(connector_check) {
  Request request(PG_GETARG_DATUM(0), RequestKind::check);
  request.connect().check();
  return json_datum({{"connected", true}});
}

CONNECTOR_FUNCTION(connector_tables) {
  Request request(PG_GETARG_DATUM(0), RequestKind::list_tables);
  const std::int64_t wanted = PG_GETARG_INT32(1);
  if (wanted < 1) {
    throw connector::core::Error(connector::core::ErrorNumber::invalid_parameters, "\"limit\" must be at least 1", {},
                                 "Leave it out for 500 tables.");
  }
  const std::int64_t limit = std::min<std::int64_t>(wanted, connector::settings::current().max_listed_tables);
  // One more than the limit tells whether there are more.
  auto tables = request.connect().list_tables(request.spec().schema.value_or(""), limit + 1);
  if (static_cast<std::int64_t>(tables.size()) > limit) {
    tables.resize(static_cast<std::size_t>(limit));
    connector::pg::warning("the list was cut after " + std::to_string(limit) + " tables",
                           "The limit is the lower of the argument \"limit\" and connector.max_listed_tables.");
  }
  Json result = Json::array();
  for (const connector::core::RemoteTable& table : tables) {
    result.push_back({{"schema", table.schema},
                      {"name", table.name},
                      {"kind", table.kind},
                      {"estimated_rows", optional_count(table.estimated_rows)}});
  }
  return json_datum(result);
}

CONNECTOR_FUNCTION(connector_dry_run) {
  Request request(PG_GETARG_DATUM(0), RequestKind::dry_run);
  const std::int64_t preview_rows = PG_GETARG_INT32(1);
  if (preview_rows < 0 || preview_rows > max_preview_rows) {
    throw connector::core::Error(connector::core::ErrorNumber::invalid_parameters,
                                 "\"preview_rows\" must be between 0 and " + std::to_string(max_preview_rows), {},
                                 "cdb_import_connector() reads all rows.");
  }
  DryRunProgress progress;
  const connector::load::Run run = request.run(GetUserId(), progress);
  connector::pg::Tied<connector::core::Source> source(TopTransactionContext);
  source.set(connector::load::describe_source(run.spec, run.connection));
  auto plan = connector::load::make_plan(run.spec, source->description(), run.limits.max_columns);
  const Json refresh = refresh_mode(request, plan);
  if (run.spec.default_columns) connector::load::rename_for_new_table(plan);
  const Json distribution = new_distribution(request, plan, refresh);
  Json result;
  result["table_name"] = connector::load::wanted_table_name(request.spec());
  result["columns"] = describe_columns(plan, source->description());
  result["primary_key"] = primary_key(plan);
  if (run.spec.default_columns && !connector::load::new_default_columns().empty()) {
    result["columns"] = with_default_columns(result["columns"]);
    result["primary_key"] = Json::array({connector::load::default_id_column});
  }
  result["estimated_rows"] = optional_count(source->description().estimated_rows);
  result["refresh"] = refresh;
  if (run.spec.distribute) result["distribute"] = distribution;
  const std::int64_t max_rows = run.limits.max_rows;
  const std::int64_t rows = max_rows > 0 ? std::min(preview_rows, max_rows) : preview_rows;
  connector::api::Preview preview = connector::api::preview(*source, plan, run, rows);
  result["rows"] = std::move(preview.rows);
  result["warnings"] = std::move(preview.warnings);
  return connector::api::readable_json_datum(result);
}
