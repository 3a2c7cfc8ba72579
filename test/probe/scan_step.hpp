// A whole scan, asked for in JSON.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/remote/provider.hpp"

namespace connector::probe {

/// Describes a source of the connection by the keys of a connector that tell it.
using DescribePart = std::function<std::unique_ptr<core::Source>(const core::JsonValue& keys)>;

/// What a scan yields, as a line of JSON. `request` is an object with
///  - `parts`: more sources (keys of a connector: table, sql_query, encoding, …), which are joined to `source`;
///  - `joins`: for each of them [KIND, CONDITION], KIND being inner, left, semi or anti;
///  - `columns`: names. Of joined sources r0.NAME, r1.NAME, …, here and everywhere;
///  - `grouped`: whether the columns are keys of groups; `aggregates`: a list of [FUNCTION, NAME], FUNCTION being
///    count_rows (without a name), count, count_distinct, sum, minimum or maximum;
///  - `where`: CONDITION; `order_by`: a list of names or of [NAME, "desc"]; `nulls`: first, last or wherever; `limit`,
///    `offset`;
///  - `pause`: a named pipe that is waited for before the scan is opened; `again`: how often it is opened (once).
/// CONDITION is ["and", CONDITION…], ["or", CONDITION…], or [OPERATOR, NAME, OPERAND…]; an operand is a text, null or
/// {"column": NAME}; an operator is =, <>, <, <=, >, >=, distinct, not_distinct, like, not_like, in, not_in, is_null or
/// is_not_null.
/// The answer has `statement`, `columns` (each [name, type, remote type]), `rows` (of texts and null), `support` (of
/// `where`); or else `refused`, with what the remote can't do: "join", "joins 0", "where", "group NAME",
/// "aggregate 0", "order_by NAME". Below joins, groups, orders and limits a `where` must be exact.
std::string scan_text(core::Connection& connection, core::Source& source, const core::JsonValue& request,
                      const DescribePart& describe);

}  // namespace connector::probe
