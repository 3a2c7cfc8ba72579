// What a run remembers of a table's columns for the next one: opaque text for whoever stores it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/read/plan.hpp"

namespace connector::load {

struct RefreshTarget;

/// A local column that came from the source, as the source had it then. A column that is not listed is the user's own.
struct LayoutColumn {
  std::string name;  ///< local, UTF-8
  std::string
      type;  ///< as format_type() prints what the plan made of the remote type; the user may have altered it since
  bool not_null = false;  ///< there and here
  std::string remote;     ///< its name in the source
};

struct Layout {
  std::vector<LayoutColumn> columns;
  std::vector<std::string> primary_key;  ///< local names; empty if source and table did not have the same one

  const LayoutColumn* find(std::string_view name) const;
};

/// The plan as JSON text. NOT NULL and key count only as far as `target` (may be null: the table that is made for the
/// plan) has them.
std::string layout_text(const LoadPlan& plan, const RefreshTarget* target);

/// Gives columns the local names that they had last time, whatever their order is now: where two names differ in what
/// normalising takes away, the order decides which one is changed. Columns that are new give way.
void use_former_names(LoadPlan& plan, const Layout& layout);

/// Reads what layout_text() wrote. Throws core::Error (invalid_parameters) for anything else.
Layout parse_layout(std::string_view text);

}  // namespace connector::load
