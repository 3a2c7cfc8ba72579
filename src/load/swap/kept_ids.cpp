#include "load/swap/kept_ids.hpp"

#include "load/table/default_columns.hpp"
#include "load/table/target_table.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace connector::load {

namespace {

/// The sequence of an identity column, if it counts upwards and never begins anew.
Oid identity_sequence(Oid table, AttrNumber column) {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT s.seqrelid FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid WHERE d.classid = "
      "'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' AND d.refobjid = $1 "
      "AND d.refobjsubid = $2 AND s.seqincrement > 0 AND NOT s.seqcycle",
      {{OIDOID, std::to_string(table)}, {INT4OID, std::to_string(column)}});
  return rows.size() == 1 ? pg::read_oid(rows[0][0]) : InvalidOid;
}

/// Numbers that the user gave may be ahead of the sequence. It never goes back.
void set_beyond(const RefreshTarget& target, const std::string& column, Oid sequence) {
  const pg::SqlRows highest = pg::query("SELECT max(" + pg::quote_name(column) + ") FROM " + target.sql_only());
  if (!highest.at(0).at(0)) return;
  pg::query("SELECT setval($1::regclass, least($2, (SELECT seqmax FROM pg_sequence WHERE seqrelid = $1::oid))) FROM " +
                table_name(sequence).sql() + " WHERE $2 > last_value OR $2 = last_value AND NOT is_called",
            {{OIDOID, std::to_string(sequence)}, {INT8OID, highest[0][0]}});
}

}  // namespace

std::optional<KeptIds::Parts> KeptIds::find(const RefreshTarget& target, const std::vector<AttrNumber>& key) {
  const TargetColumn* column = target.find(default_id_column);
  if (key.empty() || column == nullptr || !column->identity) return std::nullopt;
  const Parts parts{column->number, unique_index(target, key), identity_sequence(target.oid, column->number)};
  if (!OidIsValid(parts.index) || !OidIsValid(parts.sequence)) return std::nullopt;
  set_beyond(target, column->name, parts.sequence);
  return parts;
}

KeptIds::KeptIds(const RefreshTarget& target, const Parts& parts) : column_(parts.column) {
  pg::guard([&] {
    memory_ = CurrentMemoryContext;
    table_ = table_open(target.oid, NoLock);
    index_ = index_open(parts.index, AccessShareLock);
    snapshot_ = RegisterSnapshot(GetLatestSnapshot());
    scan_ = connector_index_beginscan(table_, index_, snapshot_, IndexRelationGetNumberOfKeyAttributes(index_));
    former_ = table_slot_create(table_, nullptr);
  });
  const int columns = IndexRelationGetNumberOfKeyAttributes(index_);
  keys_.resize(static_cast<std::size_t>(columns));
  pg::guard([&] {
    for (int i = 0; i < columns; ++i) {
      const Oid type = index_->rd_opcintype[i];
      const Oid equal = get_opfamily_member(index_->rd_opfamily[i], type, type, BTEqualStrategyNumber);
      if (!OidIsValid(equal)) elog(ERROR, "index %u has no operator for equality", parts.index);
      ScanKeyEntryInitialize(&keys_[static_cast<std::size_t>(i)], 0, static_cast<AttrNumber>(i + 1),
                             BTEqualStrategyNumber, InvalidOid, index_->rd_indcollation[i], get_opcode(equal), 0);
    }
  });
}

bool KeptIds::find(TupleTableSlot* slot) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const int attribute = index_->rd_index->indkey.values[i] - 1;
    if (slot->tts_isnull[attribute]) return false;
    keys_[i].sk_argument = slot->tts_values[attribute];
  }
  // An index scan keeps what it allocates until it ends, as its list of dead entries: so not in the memory of a batch.
  const MemoryContext old = MemoryContextSwitchTo(memory_);
  index_rescan(scan_, keys_.data(), static_cast<int>(keys_.size()), nullptr, 0);
  const bool found = index_getnext_slot(scan_, ForwardScanDirection, former_);
  MemoryContextSwitchTo(old);
  if (!found) return false;
  bool is_null;
  const Datum value = slot_getattr(former_, column_, &is_null);  // an integer: there is nothing to copy
  if (!is_null) {
    slot->tts_values[column_ - 1] = value;
    slot->tts_isnull[column_ - 1] = false;
  }
  ExecClearTuple(former_);
  return !is_null;
}

void KeptIds::finish() {
  pg::guard([this] {
    ExecDropSingleTupleTableSlot(former_);
    index_endscan(scan_);
    UnregisterSnapshot(snapshot_);
    index_close(index_, NoLock);
    table_close(table_, NoLock);
  });
}

}  // namespace connector::load
