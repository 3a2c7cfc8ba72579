#include "load/table/held_table.hpp"

#include <algorithm>

#include "load/table/target.hpp"
#include "pg/guard.hpp"
#include "pg/relation.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"
#include "utils/rel.h"
}

namespace connector::load {

namespace {

/// Whether values that were stored for one column are values of the other. In a guard or not: it can't fail.
bool same_storage(Form_pg_attribute a, Form_pg_attribute b) noexcept {
  return a->attisdropped == b->attisdropped && a->atttypid == b->atttypid && a->atttypmod == b->atttypmod &&
         a->attcollation == b->attcollation && a->attlen == b->attlen && a->attbyval == b->attbyval &&
         a->attalign == b->attalign;
}

}  // namespace

HeldTable::HeldTable(Oid table) : oid_(table) {
  hold();
  facts_ = facts();
  descriptor_ = pg::guard([this] { return CreateTupleDescCopyConstr(RelationGetDescr(relation_)); });
  indexes_ = indexes();
}

void HeldTable::hold() {
  relation_ = pg::guard([this] { return table_open(oid_, NoLock); });
}

void HeldTable::let_go() {
  pg::guard([this] { table_close(relation_, NoLock); });
  relation_ = nullptr;
}

HeldTable::Facts HeldTable::facts() const {
  const Form_pg_class form = relation_->rd_rel;
  return {NameStr(form->relname), form->relnamespace, form->relowner,       form->relfilenode, form->reltablespace,
          form->reltoastrelid,    form->relam,        form->relpersistence, form->relkind};
}

std::vector<HeldTable::IndexFacts> HeldTable::indexes() const {
  std::vector<IndexFacts> found;
  List* list = pg::guard([this] { return RelationGetIndexList(relation_); });
  for (int i = 0; i < list_length(list); ++i) {
    const Oid oid = list_nth_oid(list, i);
    const Relation index = pg::guard([oid] { return index_open(oid, AccessShareLock); });
    const HeapTuple tuple = index->rd_indextuple;
    const char* row = reinterpret_cast<const char*>(tuple->t_data);
    // Without the header, which tells when the row was written.
    constexpr std::size_t header = SizeofHeapTupleHeader;
    found.push_back({oid, index->rd_rel->relfilenode, std::string(row + header, tuple->t_len - header)});
    pg::guard([index] { index_close(index, NoLock); });
  }
  return found;
}

void HeldTable::changed(const char* what) const {
  throw changed_by_own_code(facts_.name, what);
}

void HeldTable::check_unchanged() const {
  if (facts() != facts_) changed("Its name, owner or storage is not what it was.");
  const bool same = pg::guard([this] { return equalTupleDescs(RelationGetDescr(relation_), descriptor_); });
  if (!same) changed("Its columns, defaults or constraints are not what they were.");
  if (indexes() != indexes_) changed("Its indexes are not what they were.");
}

void HeldTable::check_fits(Oid heap, const std::vector<Oid>& kept) const {
  if (facts().owner != facts_.owner || facts().method != facts_.method)
    changed("Its owner or storage is not what it was.");
  const bool same = pg::guard([&] {
    return pg::with_relation(heap, NoLock, [this](Relation other) {
      const TupleDesc a = RelationGetDescr(relation_);
      const TupleDesc b = RelationGetDescr(other);
      bool equal = a->natts == b->natts;
      for (int i = 0; equal && i < a->natts; ++i) equal = same_storage(TupleDescAttr(a, i), TupleDescAttr(b, i));
      return equal;
    });
  });
  if (!same) changed("Its columns are not those that the new rows were made for.");
  const std::vector<IndexFacts> now = indexes();
  for (const Oid index : kept) {
    const auto is_it = [index](const IndexFacts& entry) { return entry.oid == index; };
    const auto before = std::ranges::find_if(indexes_, is_it);
    const auto after = std::ranges::find_if(now, is_it);
    if (before == indexes_.end() || after == now.end() || before->definition != after->definition) {
      changed("Its indexes are not what they were.");
    }
  }
}

}  // namespace connector::load
