// From the values of a batch to Datums of the local column's type.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <optional>
#include <string>

#include "core/rows/row_batch.hpp"
#include "load/read/local_type.hpp"
#include "pg/encoding.hpp"
#include "pg/receive_encoding.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::load {

/// Converts one column of every batch in place: checks or converts the encoding of text, calls the type's input or
/// receive function where the batch holds text or binary form, and casts where the request asked for another type.
/// A column whose values already are Datums of the target costs nothing.
class ColumnConverter {
 public:
  /// Throws core::Error if there is no way from `natural` to `target`.
  ColumnConverter(const core::BatchColumn& column, LocalType natural, LocalType target);

  /// Converts rows [0, rows) of `column`. What it allocates lives in the current memory context or the batch's arena.
  /// A value that can't be converted is treated as the batch's policy for invalid values says: an error that names
  /// column, row and value, or NULL and counted.
  void convert(core::RowBatch& batch, std::size_t column, std::size_t rows);

  /// Whether settings of the session have a say in it: it runs input, output or cast functions.
  bool depends_on_settings() const noexcept { return step_ == Step::input || cast_ != Cast::none; }

 private:
  void convert_text(core::RowBatch& batch, std::size_t column, std::size_t rows);
  void apply_function(core::RowBatch& batch, std::size_t column, std::size_t rows);
  std::size_t apply_until_error(core::RowBatch& batch, std::size_t column, std::size_t from, std::size_t rows,
                                std::optional<std::string>& error);
  Datum apply(Datum value);
  /// A value before its conversion as UTF-8 text, for messages; nothing where it came in binary form.
  std::optional<std::string> shown(Datum value) const;
  void prepare_cast();
  void find_null_rule();
  void refuse_nulls(const core::RowBatch& batch, std::size_t column, std::size_t rows) const;

  enum class Step { none, input, receive, finite_interval, geometry, geometry_to_wkb };
  enum class Cast { none, expression, uuid, digits, text };

  std::optional<pg::TextConverter> encoding_;
  std::optional<pg::ReceiveEncoding> receive_encoding_;
  Step step_ = Step::none;
  Cast cast_ = Cast::none;
  LocalType natural_;
  LocalType target_;
  std::string name_;
  FmgrInfo function_;  // input or receive function of natural_
  Oid io_parameter_ = InvalidOid;
  FmgrInfo output_;  // Cast::text: through text where there is no cast
  FmgrInfo target_input_;
  Oid target_io_parameter_ = InvalidOid;
  ExprState* expression_ = nullptr;
  ExprContext* expression_context_ = nullptr;
  int max_characters_ = 0;  // of natural_'s type modifier; 0 = no such limit
  std::string null_error_;  // the target is a domain that refuses NULL, in these words
  std::string buffer_;
};

}  // namespace connector::load
