#include "fdw/plan/constants.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
}

namespace connector::fdw {

using core::Expression;

namespace {

/// With all its digits: the shortest text that is read as the same double.
std::string float_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string output(Datum value, Oid type) {
  const char* text = pg::guard([=] {
    Oid function;
    bool is_varlena;
    getTypeOutputInfo(type, &function, &is_varlena);
    return OidOutputFunctionCall(function, value);
  });
  return pg::utf8_text(text);
}

std::string text_of(Datum value, Oid type) {
  switch (type) {
    case BOOLOID:
      return DatumGetBool(value) ? "true" : "false";
    case INT2OID:
      return std::to_string(DatumGetInt16(value));
    case INT4OID:
      return std::to_string(DatumGetInt32(value));
    case INT8OID:
      return std::to_string(DatumGetInt64(value));
    case FLOAT4OID:
      return float_text(DatumGetFloat4(value));
    case FLOAT8OID:
      return float_text(DatumGetFloat8(value));
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
      return pg::datum_text(value);
    case NUMERICOID:
    case UUIDOID:
      return output(value, type);
    default:
      return pg::with_fixed_formats([=] { return output(value, type); });
  }
}

}  // namespace

Expression constant_of(Datum value, Oid type) {
  return Expression::constant(text_of(value, type));
}

std::vector<Expression> constants_of(Datum array, Oid element_type) {
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  pg::guard([&] {
    int16 length;
    bool by_value;
    char alignment;
    get_typlenbyvalalign(element_type, &length, &by_value, &alignment);
    deconstruct_array(DatumGetArrayTypeP(array), element_type, length, by_value, alignment, &elements, &nulls, &count);
  });
  std::vector<Expression> constants;
  constants.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    constants.push_back(nulls[i] ? Expression::null() : constant_of(elements[i], element_type));
  }
  return constants;
}

}  // namespace connector::fdw
