#include "fdw/lookup/key_lookup.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "fdw/plan/key_lookup_costs.hpp"
#include "fdw/scan/scan.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/memutils.h"
}

namespace connector::fdw {

namespace {

/// Of the values of a batch's keys, as they are here. In a statement they are longer, and may stand there twice;
/// servers take a megabyte.
constexpr std::size_t most_key_bytes = 64 * 1024;
/// In batches that are not full: for who wants few rows only, whose keys may all be one.
constexpr std::size_t most_rows_per_value = 10;
/// What a row takes beside its tuple.
constexpr std::size_t row_overhead = sizeof(OuterRow) + 32;

MemoryContext new_context(const CustomScanState* node, const char* name) {
  return pg::guard([=] {
    // Names must be constants for the macro of that name.
    return AllocSetContextCreateInternal(node->ss.ps.state->es_query_cxt, name, ALLOCSET_DEFAULT_SIZES);
  });
}

}  // namespace

KeyLookup::KeyLookup(CustomScanState* node, const PlannedLookup& planned)
    : node_(node),
      outer_(static_cast<PlanState*>(linitial(node->custom_ps))),
      inner_(static_cast<PlanState*>(lsecond(node->custom_ps))),
      type_(planned.type),
      first_values_(static_cast<std::size_t>(planned.first_values)),
      most_combinations_(static_cast<std::size_t>(planned.most_combinations)),
      batch_(new_context(node, "connector batch of keys")),
      aside_(new_context(node, "connector rows put aside")),
      memory_limit_(get_hash_memory_limit()),
      wanted_values_(first_values_) {
  for (const LookupKey& key : planned.keys)
    keys_.push_back({.collation = key.collation, .parameter = key.parameter, .values = KeyValues(key.type)});
  pg::guard([&] {
    EState* state = node_->ss.ps.state;
    PlanState* parent = &node_->ss.ps;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      keys_[i].outer = ExecInitExpr(planned.keys[i].outer, parent);
      keys_[i].inner = ExecInitExpr(planned.keys[i].inner, parent);
      fmgr_info_cxt(planned.keys[i].outer_hash, &keys_[i].outer_hash, state->es_query_cxt);
      fmgr_info_cxt(planned.keys[i].inner_hash, &keys_[i].inner_hash, state->es_query_cxt);
    }
    join_clauses_ = ExecInitQual(planned.join_clauses, parent);
    context_ = CreateExprContext(state);
    context_->ecxt_scantuple = node_->ss.ss_ScanTupleSlot;
    const TupleDesc outer = ExecGetResultType(outer_);
    kept_slot_ = ExecInitExtraTupleSlot(state, outer, &TTSOpsMinimalTuple);
    outer_columns_ = static_cast<std::size_t>(outer->natts);
    inner_columns_ = static_cast<std::size_t>(ExecGetResultType(inner_)->natts);
  });
}

KeyLookup::KeyLookup(CustomScanState* node)
    : KeyLookup(node, planned_lookup(reinterpret_cast<const CustomScan*>(node->ss.ps.plan))) {}

TupleTableSlot* KeyLookup::next() {
  return pg::guard([this] { return next_row(); });
}

TupleTableSlot* KeyLookup::next_row() {
  // Whoever had the row before may have changed where its values are.
  TupleTableSlot* row = node_->ss.ss_ScanTupleSlot;
  ExecStoreVirtualTuple(ExecClearTuple(row));
  answer_is_shown_ = false;
  while (true) {
    TupleTableSlot* found = nullptr;
    switch (phase_) {
      case Phase::collecting:
        if (collect()) ask();
        break;
      case Phase::answering:
        found = next_pair();
        break;
      case Phase::unmatched:
        found = next_unmatched();
        break;
      case Phase::ended:
        ExecClearTuple(row);
        return nullptr;
    }
    if (found != nullptr) return found;
  }
}

void KeyLookup::show_outer(const OuterRow& row) {
  ExecStoreMinimalTuple(row.tuple, kept_slot_, false);
  slot_getallattrs(kept_slot_);
  TupleTableSlot* joined = node_->ss.ss_ScanTupleSlot;
  std::memcpy(joined->tts_values, kept_slot_->tts_values, outer_columns_ * sizeof(Datum));
  std::memcpy(joined->tts_isnull, kept_slot_->tts_isnull, outer_columns_ * sizeof(bool));
}

/// The inner half of the joined row; null: as it is where there is no partner.
void KeyLookup::show_inner(TupleTableSlot* slot) {
  TupleTableSlot* joined = node_->ss.ss_ScanTupleSlot;
  if (slot == nullptr) {
    std::memset(joined->tts_isnull + outer_columns_, true, inner_columns_ * sizeof(bool));
    return;
  }
  slot_getallattrs(slot);
  std::memcpy(joined->tts_values + outer_columns_, slot->tts_values, inner_columns_ * sizeof(Datum));
  std::memcpy(joined->tts_isnull + outer_columns_, slot->tts_isnull, inner_columns_ * sizeof(bool));
}

/// The hash of the keys of one side of the joined row. Key::value and Key::hash have what belongs to each of them then.
/// False if one is NULL.
bool KeyLookup::hash_keys(ExprState* Key::*side, FmgrInfo Key::*function, std::uint32_t& hash) {
  hash = 0;
  for (Key& key : keys_) {
    bool is_null = false;
    key.value = ExecEvalExprSwitchContext(key.*side, context_, &is_null);
    if (is_null) return false;
    const MemoryContext outer = MemoryContextSwitchTo(context_->ecxt_per_tuple_memory);
    key.hash = DatumGetUInt32(FunctionCall1Coll(&(key.*function), key.collation, key.value));
    MemoryContextSwitchTo(outer);
    hash = std::rotl(hash, 1) ^ key.hash;
  }
  return true;
}

bool KeyLookup::is_full() const {
  std::size_t bytes = 0;
  std::size_t values = 0;
  std::size_t combinations = 1;
  for (const Key& key : keys_) {
    combinations *= std::max<std::size_t>(key.values.count(), 1);
    values = std::max(values, key.values.count());
    bytes += key.values.bytes();
  }
  if (values >= wanted_values_ || bytes >= most_key_bytes) return true;
  if (bytes_ + bytes >= memory_limit_) return true;
  if (most_combinations_ > 0 && combinations >= most_combinations_) return true;
  const bool is_small = wanted_values_ < static_cast<std::size_t>(most_key_values);
  return is_small && rows_.count() >= wanted_values_ * most_rows_per_value;
}

void KeyLookup::add(TupleTableSlot* slot) {
  slot_getallattrs(slot);
  TupleTableSlot* joined = node_->ss.ss_ScanTupleSlot;
  std::memcpy(joined->tts_values, slot->tts_values, outer_columns_ * sizeof(Datum));
  std::memcpy(joined->tts_isnull, slot->tts_isnull, outer_columns_ * sizeof(bool));
  ResetExprContext(context_);
  std::uint32_t hash = 0;
  const bool has_keys = hash_keys(&Key::outer, &Key::outer_hash, hash);
  if (!has_keys && !keeps_unmatched()) return;
  const MemoryContext outer = MemoryContextSwitchTo(context_->ecxt_per_tuple_memory);
  for (Key& key : keys_) numbers_.push_back(has_keys ? key.values.add(key.value, key.hash, batch_) : 0);
  MemoryContextSwitchTo(batch_);
  MinimalTuple tuple = ExecCopySlotMinimalTuple(slot);
  MemoryContextSwitchTo(outer);
  rows_.add(tuple, hash, has_keys);
  bytes_ += tuple->t_len + row_overhead;
}

/// Makes a batch of the rows that were put aside.
void KeyLookup::take_back() {
  is_from_aside_ = true;
  for (MinimalTuple tuple : put_aside_) {
    CHECK_FOR_INTERRUPTS();
    ExecStoreMinimalTuple(tuple, kept_slot_, false);
    add(kept_slot_);
  }
  ExecClearTuple(kept_slot_);
  put_aside_.clear();
  aside_bytes_ = 0;
  MemoryContextReset(aside_);
}

/// Gets the rows of the next batch, unless there are rows of the last one that nobody has asked for. False if there are
/// no more.
bool KeyLookup::collect() {
  ExecClearTuple(kept_slot_);
  if (end_ < rows_.count()) return true;
  rows_.clear();
  numbers_.clear();
  for (Key& key : keys_) {
    key.values.clear();
    key.list = Datum{0};
  }
  MemoryContextReset(batch_);
  bytes_ = begin_ = end_ = 0;
  is_from_aside_ = false;
  if (aside_bytes_ >= memory_limit_) {
    take_back();
    return true;
  }
  while (!outer_ended_ && !is_full()) {
    CHECK_FOR_INTERRUPTS();
    TupleTableSlot* slot = ExecProcNode(outer_);
    if (TupIsNull(slot)) {
      outer_ended_ = true;
    } else {
      add(slot);
    }
  }
  wanted_values_ = std::min<std::size_t>(wanted_values_ * key_values_growth, most_key_values);
  if (rows_.count() == 0 && outer_ended_ && !put_aside_.empty()) take_back();
  if (rows_.count() > 0) return true;
  if (outer_ended_) phase_ = Phase::ended;
  return false;
}

/// The numbers of the values of a key in the rows from begin_ to end_.
std::vector<std::uint32_t> KeyLookup::used_values(std::size_t key) const {
  std::vector<bool> is_used(keys_[key].values.count());
  for (std::size_t i = begin_; i < end_; ++i) {
    if (rows_.row(i).has_keys) is_used[numbers_[i * keys_.size() + key]] = true;
  }
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < is_used.size(); ++i) {
    if (is_used[i]) numbers.push_back(static_cast<std::uint32_t>(i));
  }
  return numbers;
}

void KeyLookup::set_parameter(std::size_t key, const std::vector<std::uint32_t>& numbers) {
  pg::guard([&] {
    const MemoryContext outer = MemoryContextSwitchTo(batch_);
    const Datum before = keys_[key].list;
    ParamExecData& parameter = node_->ss.ps.state->es_param_exec_vals[keys_[key].parameter];
    parameter.execPlan = nullptr;
    parameter.value = keys_[key].list = keys_[key].values.array(numbers.data(), numbers.size());
    parameter.isnull = false;
    if (before != Datum{0}) pfree(DatumGetPointer(before));
    MemoryContextSwitchTo(outer);
  });
}

bool KeyLookup::can_send(std::size_t key, const std::vector<std::uint32_t>& numbers) {
  pg::guard([] { CHECK_FOR_INTERRUPTS(); });
  set_parameter(key, numbers);
  auto* scan = static_cast<Scan*>(reinterpret_cast<ForeignScanState*>(inner_)->fdw_state);
  return scan->can_send_key(key);
}

/// Whether the remote can be asked for all keys of the rows from begin_ to end_.
bool KeyLookup::can_send_keys() {
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    const std::vector<std::uint32_t> numbers = used_values(key);
    if (!numbers.empty() && !can_send(key, numbers)) return false;
  }
  return true;
}

/// Marks the values of a key that can't be sent, each by itself.
std::vector<bool> KeyLookup::find_unsendable(std::size_t key) {
  std::vector<bool> unsendable(keys_[key].values.count());
  const std::vector<std::uint32_t> numbers = used_values(key);
  if (numbers.empty() || can_send(key, numbers)) return unsendable;
  for (const std::uint32_t number : numbers) unsendable[number] = !can_send(key, {number});
  return unsendable;
}

/// Chooses the rows that the next statement asks for: all that are left of the batch, or as many as it has room for
/// their keys.
void KeyLookup::choose_rows() {
  const bool is_new = end_ == 0;
  if (is_new) most_rows_ = rows_.count();
  begin_ = end_;
  end_ = std::min(rows_.count(), begin_ + most_rows_);
  if (is_from_aside_ || can_send_keys()) return;
  if (is_new) put_aside();
  while (end_ - begin_ > 1 && !can_send_keys()) end_ -= (end_ - begin_) / 2;
  most_rows_ = end_ - begin_;
}

/// Puts the rows aside whose keys have values that the remote can't be asked for.
void KeyLookup::put_aside() {
  std::vector<bool> is_unsent(rows_.count());
  bool any = false;
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    const std::vector<bool> unsendable = find_unsendable(key);
    for (std::size_t i = 0; i < rows_.count(); ++i) {
      if (rows_.row(i).has_keys && unsendable[numbers_[i * keys_.size() + key]]) is_unsent[i] = any = true;
    }
  }
  if (!any) return;
  std::size_t left = 0;
  for (std::size_t i = 0; i < rows_.count(); ++i) {
    if (!is_unsent[i]) {
      rows_.row(left) = rows_.row(i);
      std::copy_n(numbers_.begin() + static_cast<std::ptrdiff_t>(i * keys_.size()), keys_.size(),
                  numbers_.begin() + static_cast<std::ptrdiff_t>(left * keys_.size()));
      ++left;
      continue;
    }
    ++counts_.unsent;
    MinimalTuple tuple = rows_.row(i).tuple;
    aside_bytes_ += tuple->t_len + row_overhead;
    put_aside_.push_back(pg::guard([&] {
      auto* copy = static_cast<MinimalTuple>(MemoryContextAlloc(aside_, tuple->t_len));
      std::memcpy(copy, tuple, tuple->t_len);
      return copy;
    }));
  }
  rows_.keep_first(left);
  numbers_.resize(left * keys_.size());
  end_ = left;
}

/// Asks the remote for keys of the batch, if there is any.
void KeyLookup::ask() {
  choose_rows();
  rows_.make_chains(begin_, end_);
  undecided_ = 0;
  for (std::size_t i = begin_; i < end_; ++i) undecided_ += rows_.row(i).has_keys ? 1 : 0;
  answer_ = nullptr;
  candidate_ = 0;
  next_unmatched_ = begin_;
  if (undecided_ == 0) {
    phase_ = Phase::unmatched;
    return;
  }
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    const std::vector<std::uint32_t> numbers = used_values(key);
    set_parameter(key, numbers);
    counts_.values += numbers.size();
  }
  ++counts_.batches;
  pg::guard([this] {
    for (const Key& key : keys_) inner_->chgParam = bms_add_member(inner_->chgParam, key.parameter);
    ExecReScan(inner_);
  });
  phase_ = Phase::answering;
}

/// Gets the next row of the answer whose keys are not NULL. False if there are no more, or nobody wants them.
bool KeyLookup::next_answer() {
  // Which of its partners a row has met is no matter then.
  if (wants_one_partner() && undecided_ == 0) return false;
  while (true) {
    CHECK_FOR_INTERRUPTS();
    TupleTableSlot* slot = ExecProcNode(inner_);
    if (TupIsNull(slot)) return false;
    show_inner(slot);
    ResetExprContext(context_);
    if (!hash_keys(&Key::inner, &Key::inner_hash, answer_hash_)) {
      ++counts_.dropped;
      continue;
    }
    answer_ = slot;
    answer_is_shown_ = true;
    answer_met_ = false;
    candidate_ = 0;
    return true;
  }
}

TupleTableSlot* KeyLookup::next_pair() {
  while (true) {
    CHECK_FOR_INTERRUPTS();
    if (answer_ == nullptr && !next_answer()) {
      phase_ = Phase::unmatched;
      return nullptr;
    }
    candidate_ = rows_.find(answer_hash_, candidate_);
    if (candidate_ == 0) {
      if (!answer_met_) ++counts_.dropped;
      answer_ = nullptr;
      continue;
    }
    OuterRow& row = rows_.row(candidate_ - 1);
    if (wants_one_partner() && row.is_matched) {
      answer_met_ = true;
      continue;
    }
    if (!answer_is_shown_) show_inner(answer_);
    answer_is_shown_ = true;
    show_outer(row);
    ResetExprContext(context_);
    if (!ExecQual(join_clauses_, context_)) {
      ++counts_.refused;
      continue;
    }
    answer_met_ = true;
    if (!row.is_matched) --undecided_;
    row.is_matched = true;
    if (type_ == JOIN_ANTI) continue;
    if (TupleTableSlot* found = emit()) return found;
  }
}

TupleTableSlot* KeyLookup::next_unmatched() {
  while (keeps_unmatched() && next_unmatched_ < end_) {
    CHECK_FOR_INTERRUPTS();
    const OuterRow& row = rows_.row(next_unmatched_++);
    if (row.is_matched) continue;
    show_outer(row);
    show_inner(nullptr);
    if (TupleTableSlot* found = emit()) return found;
  }
  phase_ = Phase::collecting;
  return nullptr;
}

/// The joined row as the plan wants it; null if conditions behind the join drop it.
TupleTableSlot* KeyLookup::emit() {
  ExprContext* context = node_->ss.ps.ps_ExprContext;
  ResetExprContext(context);
  context->ecxt_scantuple = node_->ss.ss_ScanTupleSlot;
  if (!ExecQual(node_->ss.ps.qual, context)) {
    InstrCountFiltered1(node_, 1);
    return nullptr;
  }
  ProjectionInfo* projection = node_->ss.ps.ps_ProjInfo;
  return projection != nullptr ? ExecProject(projection) : node_->ss.ss_ScanTupleSlot;
}

void KeyLookup::rescan() {
  phase_ = Phase::collecting;
  outer_ended_ = false;
  wanted_values_ = first_values_;
  rows_.clear();
  end_ = 0;
  put_aside_.clear();
  aside_bytes_ = 0;
  pg::guard([this] {
    ExecClearTuple(kept_slot_);
    MemoryContextReset(aside_);
    const Bitmapset* changed = node_->ss.ps.chgParam;
    for (PlanState* child : {outer_, inner_}) {
      if (changed != nullptr) UpdateChangedParamSet(child, const_cast<Bitmapset*>(changed));
    }
    // If values of parameters have changed, PostgreSQL begins it again by itself. The inner one begins with each batch.
    if (outer_->chgParam == nullptr) ExecReScan(outer_);
  });
}

}  // namespace connector::fdw
