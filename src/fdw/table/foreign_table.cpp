#include "fdw/table/foreign_table.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/rows/logical_type.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace connector::fdw {

namespace {

using Tables = std::map<Oid, std::shared_ptr<const ForeignTable>>;

Tables& tables() {
  static auto& all = *new Tables;
  return all;
}

/// Counts the changes of the catalog that may be changes of what is kept.
std::uint64_t changes = 0;

void on_relation_change(Datum /*argument*/, Oid relation) {
  ++changes;
  if (OidIsValid(relation)) {
    tables().erase(relation);
  } else {
    tables().clear();
  }
}

void on_catalog_change(Datum /*argument*/, int /*cache*/, uint32 /*hash*/) {
  ++changes;
  tables().clear();
}

void watch_catalog() {
  static bool watching = false;
  if (watching) return;
  pg::guard([] {
    CacheRegisterRelcacheCallback(on_relation_change, Datum{0});
    for (const auto cache : {FOREIGNSERVEROID, FOREIGNTABLEREL, ATTNUM}) {
      CacheRegisterSyscacheCallback(cache, on_catalog_change, Datum{0});
    }
  });
  watching = true;
}

/// The local type of a logical one. Those of types that are built in are remembered, as nobody can change them.
load::LocalType natural_type(const core::LogicalType& type) {
  const bool is_built_in = type.kind != core::TypeKind::named && type.kind != core::TypeKind::geometry &&
                           type.kind != core::TypeKind::geography;
  if (!is_built_in) return load::local_type(type);
  static auto& known = *new std::map<std::string, load::LocalType>;
  const std::string name = core::sql_type_name(type);
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  return known.emplace(name, load::local_type(type)).first->second;
}

}  // namespace

std::shared_ptr<const ForeignTable> foreign_table(Oid oid) {
  watch_catalog();
  const auto found = tables().find(oid);
  if (found != tables().end()) return found->second;
  const std::uint64_t changes_before = changes;
  auto table = std::make_shared<ForeignTable>();
  table->oid = oid;
  table->options = table_options(oid);
  table->options.request.parts.indexes = true;
  table->attribute_count = table->options.column_names.size();
  struct Declared {
    Oid server;
    FormData_pg_attribute* attributes;
  };
  const Declared declared = pg::guard([=] {
    return pg::with_relation(oid, AccessShareLock, [oid](Relation relation) {
      const TupleDesc descriptor = RelationGetDescr(relation);
      auto* attributes =
          static_cast<FormData_pg_attribute*>(palloc0(sizeof(FormData_pg_attribute) * (descriptor->natts + 1)));
      for (int i = 0; i < descriptor->natts; ++i) attributes[i] = *TupleDescAttr(descriptor, i);
      return Declared{GetForeignTable(oid)->serverid, attributes};
    });
  });
  table->server = declared.server;
  for (std::size_t i = 0; i < table->attribute_count; ++i) {
    const FormData_pg_attribute& attribute = declared.attributes[i];
    if (attribute.attisdropped || connector_is_virtual(&attribute)) continue;
    table->attributes.push_back(attribute.attnum);
    table->types.push_back(load::local_type_of(attribute.atttypid, attribute.atttypmod));
  }
  // What changed meanwhile (a server, which nobody locks) may be older in what was read first.
  if (changes == changes_before) tables()[oid] = table;
  return table;
}

load::LocalType arriving_type(const core::RemoteColumn& column, const load::LocalType& declared) {
  const load::LocalType natural = natural_type(column.type);
  if (natural == declared) return declared;
  // A length here that the remote has not would cut values.
  const bool has_length = declared.typmod != -1 || declared.oid == BPCHAROID || declared.oid == BITOID;
  const bool is_wider = natural.oid == declared.oid || (natural.oid == VARCHAROID && declared.oid == TEXTOID) ||
                        (natural.oid == TEXTOID && declared.oid == VARCHAROID);
  return is_wider && !has_length ? declared : natural;
}

core::Support sent_support(const ForeignTable& table, core::Support support, bool is_partial) {
  if (support == core::Support::exact && is_partial) support = core::Support::narrowing;
  const bool only_exact = table.options.pushdown == Pushdown::exact;
  return support == core::Support::narrowing && only_exact ? core::Support::none : support;
}

ComparableColumns comparable_columns(const ForeignTable& table, const core::SourceDescription& description) {
  ComparableColumns columns(table.attribute_count);
  for (std::size_t i = 0; i < table.attributes.size(); ++i) {
    const core::RemoteColumn& remote = description.columns.at(i);
    if (!remote.unsupported_reason.empty()) continue;
    if (arriving_type(remote, table.types[i]) == table.types[i]) {
      columns[static_cast<std::size_t>(table.attributes[i]) - 1] = i;
    }
  }
  return columns;
}

}  // namespace connector::fdw
