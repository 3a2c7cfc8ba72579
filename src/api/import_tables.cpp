// cdb_import_tables(): imports or syncs of many tables of a remote database.
#include "pg/postgres.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "api/json.hpp"
#include "api/new_sync.hpp"
#include "api/own_sync.hpp"
#include "api/sync_interval.hpp"
#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/name_patterns.hpp"
#include "core/request/names.hpp"
#include "core/request/request_of_table.hpp"
#include "core/request/request_reader.hpp"
#include "jobs/after_run.hpp"
#include "jobs/daily_time.hpp"
#include "jobs/import_job.hpp"
#include "jobs/request.hpp"
#include "jobs/sync_name.hpp"
#include "jobs/sync_run.hpp"
#include "load/table/target_table.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "store/import_batches.hpp"
#include "store/imports.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
}

namespace api = connector::api;
namespace core = connector::core;
namespace jobs = connector::jobs;
namespace load = connector::load;
namespace pg = connector::pg;
namespace store = connector::store;

using connector::api::Json;
using core::CollisionStrategy;
using core::Error;
using core::ErrorNumber;
using core::RemoteTable;

namespace {

using std::chrono::seconds;

/// Against a remote that never stops naming tables.
constexpr std::int64_t most_tables = 100'000;

/// The argument in UTF-8; nothing if it is NULL.
std::optional<std::vector<std::string>> table_list(FunctionCallInfo fcinfo, int argument) {
  if (fcinfo->args[argument].isnull) return std::nullopt;
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  pg::guard([&] {
    deconstruct_array(DatumGetArrayTypeP(fcinfo->args[argument].value), TEXTOID, -1, false, TYPALIGN_INT, &elements,
                      &nulls, &count);
  });
  std::vector<std::string> list;
  for (int i = 0; i < count; ++i) {
    if (nulls[i]) {
      throw Error(ErrorNumber::invalid_parameters, "an element of \"tables\" is NULL", {},
                  "Leave the argument out, or give NULL for it, for all tables.");
    }
    list.push_back(pg::datum_text(elements[i]));
  }
  return list;
}

/// The tables that are meant, and names that no table has.
struct Chosen {
  std::vector<RemoteTable> tables;
  std::vector<std::string> missing;
};

Chosen choose(std::vector<RemoteTable> all, const std::optional<std::vector<std::string>>& list) {
  Chosen chosen;
  // Each remote has an order of its own, and which of two tables gets a name must not depend on it.
  std::ranges::sort(all, {}, [](const RemoteTable& table) { return std::tie(table.schema, table.name); });
  const core::NamePatterns patterns(list.value_or(std::vector<std::string>{"*"}));
  std::set<std::string> names;
  for (const RemoteTable& table : all) names.insert(table.name);
  for (const std::string& name : patterns.plain_names()) {
    if (!names.contains(name)) chosen.missing.push_back(name);
  }
  for (RemoteTable& table : all) {
    if (table.only_by_name ? patterns.names(table.name) : patterns.matches(table.name)) {
      chosen.tables.push_back(std::move(table));
    }
  }
  return chosen;
}

std::string relation_in_words(const std::string& name, const load::TargetSchema& schema) {
  return core::quoted(name) + " in schema " + core::quoted(pg::utf8_text(schema.name));
}

/// What becomes of each table of one call.
class TableImports {
 public:
  TableImports(const jobs::Request& request, std::optional<seconds> interval)
      : request_(request),
        interval_(interval),
        requests_(request.stored()),
        schema_(interval ? api::sync_schema(request.spec()) : load::find_target_schema(request.spec().target_schema)) {
    if (interval_) {
      jobs::check_may_sync(request.spec().provider);
      // What would be wrong with each of them is told once.
      if (jobs::asked_clock_time(request.spec())) jobs::check_whole_days(*interval_);
      jobs::asked_statements(request.spec(), GetUserId());
    } else {
      jobs::check_can_import_in_background();
      waiting_ = jobs::waiting_imports();
    }
  }

  Json rows(const Chosen& chosen) {
    if (interval_) {
      jobs::lock_all_sync_names(GetUserId());
    } else {
      for (store::ComingImport& import : store::coming_imports()) {
        if (import.schema == schema_.name) coming_.emplace(import.target_table, import.id);
      }
    }
    Json rows = Json::array();
    for (const RemoteTable& table : chosen.tables) rows.push_back(row(table));
    for (const std::string& name : chosen.missing) rows.push_back(missing_row(name));
    if (made_syncs_ > 0) {
      api::check_number_of_syncs(0);
      api::tell_no_scheduler();
    }
    return rows;
  }

 private:
  struct Ids {
    std::optional<std::string> import;
    std::optional<std::string> sync;
    std::optional<std::string> batch;
  };

  static Json optional(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

  static Json json_row(const std::string& schema, const std::string& name, const std::optional<std::string>& local,
                       const Ids& ids, const std::optional<std::string>& problem) {
    return {{"schema", schema.empty() ? Json(nullptr) : Json(schema)},
            {"name", name},
            {"table_name", optional(local)},
            {"item_queue_id", optional(ids.import)},
            {"synchronization_id", optional(ids.sync)},
            {"batch_id", optional(ids.batch)},
            {"problem", optional(problem)}};
  }

  Json missing_row(const std::string& name) const {
    return json_row(request_.spec().schema.value_or(""), name, std::nullopt, {},
                    "the remote has no table or view of this name, or it can't be seen by this account");
  }

  Json row(const RemoteTable& table) {
    if (core::is_blank(table.name)) return json_row(table.schema, table.name, std::nullopt, {}, "its name is blank");
    const std::string local = core::normalize_table_name(table.name);
    Ids ids;
    std::optional<std::string> problem;
    try {
      problem = add(table, local, ids);
    } catch (const Error& error) {
      // A name that the database's encoding lacks.
      problem = error.message() + (error.hint().empty() ? "" : " (" + error.hint() + ")");
    }
    return json_row(table.schema, table.name, local, ids, problem);
  }

  /// Queues the import or makes the sync; says why if that can't be.
  std::optional<std::string> add(const RemoteTable& table, const std::string& local, Ids& ids) {
    const bool renames = request_.spec().collision_strategy == CollisionStrategy::rename;
    const auto [used, is_first] = used_.emplace(local, table.name);
    if (!is_first && !renames) {
      return "table " + core::quoted(used->second) + " of this call has the same local name";
    }
    core::ConnectorSpec spec = request_.spec();
    if (!table.schema.empty()) spec.schema = table.schema;
    spec.table = table.name;
    return interval_ ? add_sync(spec, local, ids) : add_import(spec, local, ids);
  }

  std::optional<std::string> add_import(const core::ConnectorSpec& spec, const std::string& local, Ids& ids) {
    if (spec.collision_strategy != CollisionStrategy::rename) {
      if (const auto coming = coming_.find(local); coming != coming_.end()) {
        ids.import = coming->second;
        return "an import into " + relation_in_words(local, schema_) + " is under way";
      }
    }
    if (auto problem = taken(spec, local)) return problem;
    jobs::check_may_queue(waiting_);
    ids.import =
        jobs::queue_import(spec, requests_.with(spec.schema.value_or(""), *spec.table), schema_, batch()).item_queue_id;
    ids.batch = batch_;
    ++waiting_;
    return std::nullopt;
  }

  std::optional<std::string> add_sync(const core::ConnectorSpec& spec, const std::string& local, Ids& ids) {
    api::SyncsInto others = api::find_syncs_into(spec, schema_.name, local);
    if (!others.same && others.any && !request_.spec().schema) {
      // One that does not name the default schema either.
      core::ConnectorSpec as_given = spec;
      as_given.schema.reset();
      others.same = api::find_syncs_into(as_given, schema_.name, local).same;
    }
    if (others.same) {
      ids.sync = others.same->id;
      return std::nullopt;
    }
    if (others.any && spec.collision_strategy != CollisionStrategy::rename) {
      return "another sync fills " + relation_in_words(local, schema_);
    }
    if (auto problem = taken(spec, local)) return problem;
    std::string name = jobs::free_sync_name(GetUserId(), pg::utf8_text(schema_.name) + "." + local);
    const api::NewSyncIds made = api::create_sync(spec, requests_.with(spec.schema.value_or(""), *spec.table), schema_,
                                                  std::move(name), interval_, batch());
    ++made_syncs_;
    ids.sync = made.id;
    ids.import = made.item_queue_id;
    ids.batch = batch_;
    return std::nullopt;
  }

  /// Where the strategy leaves what is there already as it is.
  std::optional<std::string> taken(const core::ConnectorSpec& spec, const std::string& local) const {
    const CollisionStrategy strategy = spec.collision_strategy;
    if (strategy != CollisionStrategy::skip && strategy != CollisionStrategy::error) return std::nullopt;
    if (!load::is_taken(schema_.oid, pg::exact_server_text(local))) return std::nullopt;
    return "there is " + relation_in_words(local, schema_) +
           " already (\"collision_strategy\" can be \"rename\" or \"overwrite\")";
  }

  const std::string& batch() {
    if (!batch_) {
      batch_ = pg::new_uuid();
      store::create_batch(*batch_);
    }
    return *batch_;
  }

  const jobs::Request& request_;
  std::optional<seconds> interval_;
  core::RequestOfTable requests_;
  load::TargetSchema schema_;
  std::map<std::string, std::string> used_;    ///< local names of this call, and whose they are
  std::map<std::string, std::string> coming_;  ///< local names that other imports will have, and their ids
  std::optional<std::string> batch_;
  int made_syncs_ = 0;
  int waiting_ = 0;  ///< imports of the role, those of this call included
};

}  // namespace

CONNECTOR_FUNCTION(connector_import_tables) {
  api::require_argument(fcinfo, 0, "connector");
  const bool has_interval = !fcinfo->args[2].isnull;
  jobs::Request request(PG_GETARG_DATUM(0),
                        has_interval ? core::RequestKind::sync_tables : core::RequestKind::import_tables);
  const std::optional<std::vector<std::string>> list = table_list(fcinfo, 1);
  const std::optional<seconds> interval = api::asked_interval(fcinfo, 2, &request.spec());
  api::require_writable("cdb_import_tables()");
  TableImports imports(request, interval);
  std::vector<RemoteTable> tables = request.connect().list_tables(request.spec().schema.value_or(""), most_tables + 1);
  if (tables.size() > static_cast<std::size_t>(most_tables)) {
    tables.resize(static_cast<std::size_t>(most_tables));
    pg::warning("the remote has more tables than can be looked at",
                "Those behind the first " + std::to_string(most_tables) + " are passed over.");
  }
  const Chosen chosen = choose(std::move(tables), list);
  if (chosen.tables.empty() && chosen.missing.empty()) {
    pg::notice("no table or view of the remote is meant", {}, "cdb_connector_tables() lists those that there are.");
  }
  return api::json_datum(imports.rows(chosen));
}
