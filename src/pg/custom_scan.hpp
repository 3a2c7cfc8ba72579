// What nodes of ours have in common, as PostgreSQL's executor calls them.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "nodes/extensible.h"
}

namespace connector::pg {

/// The callbacks of a node that neither marks nor restores positions, nor runs in parallel; `explain` may be null.
constexpr CustomExecMethods custom_exec_methods(const char* name, decltype(CustomExecMethods::BeginCustomScan) begin,
                                                decltype(CustomExecMethods::ExecCustomScan) execute,
                                                decltype(CustomExecMethods::EndCustomScan) end,
                                                decltype(CustomExecMethods::ReScanCustomScan) rescan,
                                                decltype(CustomExecMethods::ExplainCustomScan) explain) {
  CustomExecMethods methods{};
  methods.CustomName = name;
  methods.BeginCustomScan = begin;
  methods.ExecCustomScan = execute;
  methods.EndCustomScan = end;
  methods.ReScanCustomScan = rescan;
  methods.ExplainCustomScan = explain;
  return methods;
}

/// A node's state, which begins with a CustomScanState. In a guard, or where nothing has a destructor.
template <typename State>
Node* make_custom_state(const CustomExecMethods* methods) {
  auto* state = static_cast<State*>(palloc0(sizeof(State)));
  NodeSetTag(&state->node, T_CustomScanState);
  state->node.methods = methods;
  return reinterpret_cast<Node*>(state);
}

}  // namespace connector::pg
