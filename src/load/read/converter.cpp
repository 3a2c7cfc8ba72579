#include "load/read/converter.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/rows/ewkb.hpp"
#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace connector::load {

using core::ValueForm;

ColumnConverter::ColumnConverter(const core::BatchColumn& column, LocalType natural, LocalType target)
    : natural_(std::move(natural)), target_(std::move(target)), name_(column.name) {
  if (column.form == ValueForm::text) {
    const int from = pg_char_to_encoding(column.encoding.c_str());
    encoding_.emplace(from, GetDatabaseEncoding());
    if (!core::is_text_kind(column.type.kind)) {
      step_ = Step::input;
    } else if (natural_.typmod >= VARHDRSZ) {
      max_characters_ = natural_.typmod - VARHDRSZ;
    }
  } else if (column.form == ValueForm::receive) {
    const bool is_geometry =
        column.type.kind == core::TypeKind::geometry || column.type.kind == core::TypeKind::geography;
    step_ = is_geometry ? Step::geometry : Step::receive;
    if (is_geometry && natural_.oid == BYTEAOID) step_ = Step::geometry_to_wkb;
    if (!is_geometry) receive_encoding_.emplace(pg_char_to_encoding(column.encoding.c_str()));
  } else if (natural_.oid == INTERVALOID && !connector_has_infinite_intervals) {
    step_ = Step::finite_interval;
  }
  // The functions outlive this object's creation context only as long as the import's own context: the current one.
  if (step_ == Step::input || step_ == Step::receive || step_ == Step::geometry) {
    pg::guard([this] {
      Oid function;
      if (step_ == Step::input) {
        getTypeInputInfo(natural_.oid, &function, &io_parameter_);
      } else {
        getTypeBinaryInputInfo(natural_.oid, &function, &io_parameter_);
      }
      fmgr_info(function, &function_);
    });
  }
  if (!(natural_ == target_)) prepare_cast();
  find_null_rule();
}

namespace {

/// The expression as another type; null if PostgreSQL has no cast for this context.
Node* coerced(Node* expression, Oid type, int32 typmod, CoercionContext context) {
  const CoercionForm form = context == COERCION_EXPLICIT ? COERCE_EXPLICIT_CAST : COERCE_IMPLICIT_CAST;
  return coerce_to_target_type(nullptr, expression, exprType(expression), type, typmod, context, form, -1);
}

/// The integer that a boolean or a bit string is by an explicit cast; else InvalidOid.
Oid integer_of(const LocalType& type) {
  if (type.oid == BOOLOID) return INT4OID;
  const bool fits = type.oid == BITOID && type.typmod > 0 && type.typmod < 64;
  return fits ? INT8OID : InvalidOid;
}

/// Through text, the bits 101 would become the number one hundred and one, or the other way round.
bool text_misleads(Oid from, Oid to) {
  const auto is_bits = [](Oid type) { return TypeCategory(type) == TYPCATEGORY_BITSTRING; };
  return (is_bits(from) && !is_bits(to) && TypeCategory(to) != TYPCATEGORY_STRING) ||
         (is_bits(to) && TypeCategory(from) == TYPCATEGORY_NUMERIC);
}

/// Only what says "this value is wrong": class 22, 0A000 for what a type does not support, constraints of domains, and
/// what the input functions of regclass, tsquery and the like say of a name or an expression.
bool is_fault_of_value(int sqlerrcode) {
  switch (sqlerrcode) {
    case ERRCODE_SYNTAX_ERROR:
    case ERRCODE_INVALID_NAME:
    case ERRCODE_UNDEFINED_TABLE:
    case ERRCODE_UNDEFINED_FUNCTION:
    case ERRCODE_UNDEFINED_OBJECT:
    case ERRCODE_INVALID_SCHEMA_NAME:
    case ERRCODE_AMBIGUOUS_FUNCTION:
      return true;
    default:
      break;
  }
  const int category = ERRCODE_TO_CATEGORY(sqlerrcode);
  return category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) ||
         category == ERRCODE_TO_CATEGORY(ERRCODE_FEATURE_NOT_SUPPORTED) ||
         category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION);
}

}  // namespace

void ColumnConverter::prepare_cast() {
  // As an assignment, which refuses to lose characters silently (varchar(5)), if need be by way of an integer; else
  // through text.
  if (natural_.oid == BYTEAOID && target_.oid == UUIDOID) {
    cast_ = Cast::uuid;
    return;
  }
  if ((natural_.oid == FLOAT4OID || natural_.oid == FLOAT8OID) && target_.oid == NUMERICOID) {
    pg::guard([this] {
      Oid function;
      getTypeInputInfo(target_.oid, &function, &target_io_parameter_);
      fmgr_info(function, &target_input_);
    });
    cast_ = Cast::digits;
    return;
  }
  const bool found = pg::guard([this] {
    EState* state = CreateExecutorState();
    expression_context_ = CreateExprContext(state);
    auto* value = makeNode(CaseTestExpr);
    value->typeId = natural_.oid;
    value->typeMod = natural_.typmod;
    value->collation = get_typcollation(natural_.oid);
    auto* source = reinterpret_cast<Node*>(value);
    Node* cast = coerced(source, target_.oid, target_.typmod, COERCION_ASSIGNMENT);
    const Oid integer = integer_of(natural_);
    if (cast == nullptr && OidIsValid(integer) && TypeCategory(target_.oid) == TYPCATEGORY_NUMERIC) {
      Node* number = coerced(source, integer, -1, COERCION_EXPLICIT);
      cast = coerced(number, target_.oid, target_.typmod, COERCION_ASSIGNMENT);
    }
    if (cast == nullptr) {
      if (text_misleads(natural_.oid, target_.oid)) return false;
      Oid function;
      bool is_varlena;
      getTypeOutputInfo(natural_.oid, &function, &is_varlena);
      fmgr_info(function, &output_);
      getTypeInputInfo(target_.oid, &function, &target_io_parameter_);
      fmgr_info(function, &target_input_);
      cast_ = Cast::text;
      return true;
    }
    expression_ = ExecPrepareExpr(reinterpret_cast<Expr*>(cast), state);
    cast_ = Cast::expression;
    return true;
  });
  if (found) return;
  throw core::Error(core::ErrorNumber::invalid_parameters,
                    "column " + core::quoted(name_) + " of type " + pg::utf8_text(natural_.shown) +
                        " can't be imported as " + pg::utf8_text(target_.shown),
                    "There is no conversion that keeps the value.",
                    "Ask for another type, or cast the column in \"sql_query\".");
}

namespace {

/// In parallel mode, in which all of a plan is run that has a Gather somewhere, PostgreSQL begins no subtransactions.
/// What fails then is not undone, and the statement must fail with it.
template <typename Function>
void in_subtransaction_if_possible(Function&& function) {
  if (IsInParallelMode()) {
    function();
  } else {
    pg::in_subtransaction(function);
  }
}

}  // namespace

/// NULLs pass by the cast that checks a domain's other values.
void ColumnConverter::find_null_rule() {
  if (!pg::guard([this] { return get_typtype(target_.oid) == TYPTYPE_DOMAIN; })) return;
  try {
    // That it refuses NULL leaves nothing to be undone.
    in_subtransaction_if_possible([this] {
      pg::guard([this] {
        void* extra = nullptr;
        domain_check(Datum(0), true, target_.oid, &extra, CurrentMemoryContext);
      });
    });
  } catch (const pg::PgError& error) {
    if (ERRCODE_TO_CATEGORY(error.sqlerrcode()) != ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)) throw;
    null_error_ = error.what();
  }
}

/// Whatever the policy for invalid values: that would be a NULL, too.
void ColumnConverter::refuse_nulls(const core::RowBatch& batch, std::size_t column, std::size_t rows) const {
  const auto nulls = batch.nulls(column).first(rows);
  const auto found = std::ranges::find(nulls, true);
  if (found == nulls.end()) return;
  const auto row = batch.rows_before() + static_cast<std::uint64_t>(found - nulls.begin()) + 1;
  throw core::Error(core::ErrorNumber::cannot_load,
                    "column " + core::quoted(name_) + ", row " + std::to_string(row) + ": " + null_error_,
                    batch.where(column) + '.', "Ask for a type that allows NULL with \"columns\".");
}

void ColumnConverter::convert(core::RowBatch& batch, std::size_t column, std::size_t rows) {
  if (encoding_) convert_text(batch, column, rows);
  if (step_ != Step::none || cast_ != Cast::none) apply_function(batch, column, rows);
  if (!null_error_.empty()) refuse_nulls(batch, column, rows);
}

void ColumnConverter::convert_text(core::RowBatch& batch, std::size_t column, std::size_t rows) {
  const auto values = batch.values(column);
  const auto nulls = batch.nulls(column);
  // What the remote promised may be wrong, and then no dump could be restored.
  const auto check_length = [&](std::size_t row, std::string_view text) {
    const auto limit = static_cast<std::size_t>(max_characters_);
    if (limit == 0 || text.size() <= limit) return;
    const int characters = pg_mbstrlen_with_len(text.data(), static_cast<int>(text.size()));
    if (characters <= max_characters_) return;
    batch.reject(column, row,
                 "has " + std::to_string(characters) + " characters, but its column " +
                     std::to_string(max_characters_) + " at most",
                 text);
  };
  for (std::size_t row = 0; row < rows; ++row) {
    if (nulls[row]) continue;
    const auto payload = core::varlena_payload(values[row]);
    const std::string_view text(payload.data(), payload.size());
    if (encoding_->verifies_only()) {
      if (encoding_->valid(text)) {
        check_length(row, text);
        continue;
      }
    } else if (text.find('\0') == std::string_view::npos && encoding_->convert(text, buffer_)) {
      if (buffer_.size() > core::max_value_bytes) {
        batch.reject(column, row, "value of " + std::to_string(buffer_.size()) + " bytes is too large", {});
        continue;
      }
      char* copy = batch.arena().allocate(core::varlena_header_bytes + buffer_.size() + 1);
      core::set_varlena_header(copy, buffer_.size());
      std::memcpy(copy + core::varlena_header_bytes, buffer_.c_str(), buffer_.size() + 1);
      values[row] = reinterpret_cast<std::uint64_t>(copy);
      check_length(row, buffer_);
      continue;
    }
    if (text.find('\0') != std::string_view::npos) {
      batch.reject(column, row, "text holds the character U+0000, which PostgreSQL can't store", text);
      continue;
    }
    std::string reason = "text is not valid in encoding \"" + batch.column(column).encoding + "\"";
    if (!encoding_->verifies_only()) {
      reason += std::string(" or has no equivalent in \"") + GetDatabaseEncodingName() + "\"";
    }
    batch.reject(column, row, reason, text, core::ErrorNumber::encoding);
  }
  constexpr std::size_t kept_buffer = 1024 * 1024;
  if (buffer_.capacity() > kept_buffer) std::string().swap(buffer_);
}

Datum ColumnConverter::apply(Datum value) {
  switch (step_) {
    case Step::none:
      break;
    case Step::input:
      value = InputFunctionCall(&function_, VARDATA(DatumGetPointer(value)), io_parameter_, natural_.typmod);
      break;
    case Step::geometry:
      // PostGIS would store another one, with a notice.
      if (const std::uint32_t srid = core::ewkb_srid(connector_bytes(value)); srid > core::max_srid) {
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("SRID %u is beyond PostGIS's largest one, %u", srid, core::max_srid)));
      }
      [[fallthrough]];
    case Step::receive: {
      StringInfoData binary;
      binary.data = VARDATA(DatumGetPointer(value));
      binary.len = static_cast<int>(VARSIZE(DatumGetPointer(value)) - VARHDRSZ);
      binary.maxlen = binary.len + 1;
      binary.cursor = 0;
      value = ReceiveFunctionCall(&function_, &binary, io_parameter_, natural_.typmod);
      if (binary.cursor != binary.len) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("value has bytes left over")));
      }
      break;
    }
    case Step::finite_interval: {
      // How 17 and later write infinity means 178 million years to others.
      const auto* interval = DatumGetIntervalP(value);
      const bool highest =
          interval->time == PG_INT64_MAX && interval->day == PG_INT32_MAX && interval->month == PG_INT32_MAX;
      const bool lowest =
          interval->time == PG_INT64_MIN && interval->day == PG_INT32_MIN && interval->month == PG_INT32_MIN;
      if (highest || lowest) {
        ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                        errmsg("infinite intervals need PostgreSQL 17 or later")));
      }
      break;
    }
    case Step::geometry_to_wkb:
      core::strip_ewkb_srid(connector_bytes(value));
      break;
  }
  switch (cast_) {
    case Cast::none:
      break;
    case Cast::expression: {
      expression_context_->caseValue_datum = value;
      expression_context_->caseValue_isNull = false;
      bool is_null;
      value = ExecEvalExpr(expression_, expression_context_, &is_null);
      if (is_null) ereport(ERROR, (errcode(ERRCODE_CANNOT_COERCE), errmsg("cast returned NULL")));
      break;
    }
    case Cast::uuid: {
      const struct varlena* bytes = DatumGetByteaPP(value);
      if (VARSIZE_ANY_EXHDR(bytes) != UUID_LEN) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                        errmsg("a uuid has %d bytes, not %zu", UUID_LEN, VARSIZE_ANY_EXHDR(bytes))));
      }
      auto* uuid = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
      std::memcpy(uuid->data, VARDATA_ANY(bytes), UUID_LEN);
      return UUIDPGetDatum(uuid);
    }
    case Cast::digits: {  // PostgreSQL's cast keeps 6 or 15 digits only
      char digits[64];
      char* const last = digits + sizeof digits - 1;
      const auto end = natural_.oid == FLOAT4OID ? std::to_chars(digits, last, DatumGetFloat4(value))
                                                 : std::to_chars(digits, last, DatumGetFloat8(value));
      *end.ptr = '\0';
      value = InputFunctionCall(&target_input_, digits, target_io_parameter_, target_.typmod);
      break;
    }
    case Cast::text:
      value =
          InputFunctionCall(&target_input_, OutputFunctionCall(&output_, value), target_io_parameter_, target_.typmod);
      break;
  }
  return value;
}

std::optional<std::string> ColumnConverter::shown(Datum value) const {
  if (step_ == Step::input) {
    const auto payload = core::varlena_payload(value);
    return std::string(payload.data(), payload.size());
  }
  if (step_ != Step::none) return std::nullopt;
  char* text = pg::guard([&] {
    Oid function;
    bool is_varlena;
    getTypeOutputInfo(natural_.oid, &function, &is_varlena);
    return OidOutputFunctionCall(function, value);
  });
  std::string result = pg::utf8_text(text);
  pfree(text);
  return result;
}

void ColumnConverter::apply_function(core::RowBatch& batch, std::size_t column, std::size_t rows) {
  std::size_t row = 0;
  while (row < rows) {
    std::optional<std::string> error;
    row = apply_until_error(batch, column, row, rows, error);
    if (error) {
      const bool is_error = batch.invalid_values() == core::InvalidValues::error;
      const std::optional<std::string> value = is_error ? shown(batch.values(column)[row]) : std::nullopt;
      batch.reject(column, row, *error, value ? std::string_view(*value) : std::string_view());
      ++row;
    }
  }
}

std::size_t ColumnConverter::apply_until_error(core::RowBatch& batch, std::size_t column, std::size_t from,
                                               std::size_t rows, std::optional<std::string>& error) {
  const auto values = batch.values(column);
  const auto nulls = batch.nulls(column);
  std::size_t row = from;
  const auto run = [&] {
    std::optional<pg::ReceiveEncoding::Scope> encoding;
    if (receive_encoding_) encoding.emplace(*receive_encoding_);
    pg::guard([&] {
      for (; row < rows; ++row) {
        if (!nulls[row]) values[row] = apply(values[row]);
      }
    });
  };
  const auto describe = [&](const pg::PgError& failure) {
    std::string reason = failure.what();
    if (failure.fields().detail) reason += " (" + *failure.fields().detail + ")";
    return reason;
  };
  try {
    // A subtransaction undoes what the failed function left behind: the import may go on, or the value be printed.
    in_subtransaction_if_possible(run);
  } catch (const pg::PgError& failure) {
    if (!is_fault_of_value(failure.sqlerrcode())) throw;
    if (IsInParallelMode() && batch.invalid_values() != core::InvalidValues::error) {
      throw core::Error(core::ErrorNumber::cannot_load,
                        "column " + core::quoted(name_) + ": a value can't become NULL in a parallel plan",
                        describe(failure), "Set max_parallel_workers_per_gather to 0, and try again.");
    }
    error = describe(failure);
  }
  return row;
}

}  // namespace connector::load
