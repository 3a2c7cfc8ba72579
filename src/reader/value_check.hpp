// Whether bytes from another process are a value that PostgreSQL's functions can be given: one of another form could
// make them read beyond it, or is a date that none of them ever makes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/remote/source.hpp"
#include "core/rows/row_batch.hpp"

namespace connector::reader {

/// Of a type whose stream form is a word.
bool is_datum_of(core::TypeKind kind, std::int64_t word) noexcept;

/// Sets an interval or uuid from the sixteen bytes that are stored.
void set_sixteen_bytes(core::RowBatch& batch, std::size_t column, const char* bytes);

/// Of a column whose stream form is bytes. Text and receive forms are checked by who loads them.
bool is_payload_of(const core::BatchColumn& column, std::string_view payload) noexcept;

/// Whether a column may have this type and form: text must be checked by who loads it; a type's name would stand in a
/// statement as it is, and whether the bytes of one that is told by its name are such a value nobody knows here.
bool is_allowed(const core::LogicalType& type, core::ValueForm form) noexcept;

/// Whether `told` may be what an aggregate of `asked`, its column, gives: counts and sums are numbers, the least and
/// the greatest value are what the column's values are.
bool is_answer_to(core::AggregateFunction function, const core::RemoteColumn& asked,
                  const core::RemoteColumn& told) noexcept;

/// Whether these may be the parts of a source: not more than anybody wants, and none that is empty or beyond the length
/// of what drivers write.
bool is_division(std::span<const std::string> parts) noexcept;

/// Whether a text about a state that several connections read, its token, mark or reason, has a length that such have.
bool is_state_text(std::string_view text) noexcept;

}  // namespace connector::reader
