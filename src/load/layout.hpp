// What a run remembers of a table's columns for the next one: opaque text for whoever stores it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/plan.hpp"

namespace connector::load {

/// A local column that came from the source, as the source had it then. A column that is not listed is the user's own.
struct LayoutColumn {
  std::string name;  ///< local, UTF-8
  std::string
      type;  ///< as format_type() prints what the plan made of the remote type; the user may have altered it since
};

using Layout = std::vector<LayoutColumn>;

/// The columns of a plan as JSON text.
std::string layout_text(const LoadPlan& plan);

/// Reads what layout_text() wrote. Throws core::Error (invalid_parameters) for anything else.
Layout parse_layout(std::string_view text);

}  // namespace connector::load
