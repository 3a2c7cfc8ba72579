// A source read in parts by several connections that have joined one state.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.hpp"
#include "core/remote/further_connection.hpp"

namespace connector::probe {

/// The values of the first column.
using ReadNumbers = std::function<std::vector<std::int64_t>(core::Source&, const core::Scan&)>;

/// What comes of it, as a line of JSON. `request` is an object with `wanted` and `readers`: `connection` offers the
/// state, so many others join it and describe the source; then each reads its share of the parts, and all of the rows.
///  - `pause`: a named pipe that is waited for when the source is divided, and no state is offered yet;
///  - `pause_reading`: one that is waited for before the second half of the parts is read, or all if there is one;
///  - `too_late`: the offer has ended before the others join it.
/// The answer has `parts`; `rows`, the numbers of each part; `whole`, the sum that each of the others has found;
/// `why_not`: not empty if there was no state, and none of the others has read; and `own`, the sum that is found behind
/// all that by `connection` itself.
std::string divided_text(core::Connection& connection, core::Source& source, const core::SourceRequest& of,
                         const core::JsonValue& request, const core::Connect& connect, const ReadNumbers& read);

}  // namespace connector::probe
