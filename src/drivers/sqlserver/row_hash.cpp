#include "drivers/sqlserver/row_hash.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace connector::sqlserver {

namespace {

enum class Form : unsigned char {
  fixed,      ///< bytes, always as many
  number,     ///< the text of an exact number
  moment,     ///< the text of a date or time, with all of its digits
  bytes,      ///< its own bytes, unless it is a (max)
  hashed,     ///< the md5 of its bytes
  old_text,   ///< likewise of a type that is cast to bytes as another one only
  old_ntext,  ///< likewise
  rewritten,  ///< the md5 of what the column is rewritten to
};

struct TypeForm {
  std::string_view type;  ///< the server's name for it, without what stands in brackets
  Form form;
  int size = 0;  ///< fixed: bytes
};

constexpr TypeForm forms[] = {
    {"bit", Form::fixed, 1},         {"tinyint", Form::fixed, 1},
    {"smallint", Form::fixed, 2},    {"int", Form::fixed, 4},
    {"bigint", Form::fixed, 8},      {"real", Form::fixed, 4},
    {"float", Form::fixed, 8},       {"smallmoney", Form::fixed, 4},
    {"money", Form::fixed, 8},       {"uniqueidentifier", Form::fixed, 16},
    {"decimal", Form::number},       {"numeric", Form::number},
    {"date", Form::moment},          {"time", Form::moment},
    {"smalldatetime", Form::moment}, {"datetime", Form::moment},
    {"datetime2", Form::moment},     {"datetimeoffset", Form::moment},
    {"binary", Form::bytes},         {"varbinary", Form::bytes},
    {"rowversion", Form::bytes},     {"char", Form::bytes},
    {"varchar", Form::bytes},        {"nchar", Form::bytes},
    {"nvarchar", Form::bytes},       {"sysname", Form::bytes},
    {"image", Form::hashed},         {"text", Form::old_text},
    {"ntext", Form::old_ntext},      {"xml", Form::old_ntext},
};

struct ColumnForm {
  Form form;
  int size;
};

std::optional<ColumnForm> form_of(const ColumnRule& rule) {
  if (!rule.unsupported.empty()) return std::nullopt;
  const std::string_view type = rule.remote_type;
  const auto* found = std::ranges::find(forms, type.substr(0, type.find('(')), &TypeForm::type);
  // Texts that are asked for as their bytes are hashed as those in any case.
  if (found == std::end(forms)) {
    return rule.rewrite.empty() ? std::nullopt : std::optional(ColumnForm{Form::rewritten, 0});
  }
  const bool is_long = found->form == Form::bytes && type.ends_with("(max)");
  return ColumnForm{is_long ? Form::hashed : found->form, found->size};
}

std::string cast(const std::string& value, std::string_view type) {
  return "CAST(" + value + " AS " + std::string(type) + ')';
}

std::string md5(const std::string& value) {
  return "HASHBYTES('MD5', " + cast(value, "varbinary(max)") + ')';
}

/// Bytes of which there are always as many.
std::string of_fixed_size(const std::string& bytes, bool not_null) {
  return not_null ? bytes : "ISNULL(0x01 + " + bytes + ", 0x00)";
}

std::string with_its_length(const std::string& bytes, bool not_null) {
  const std::string both = cast("DATALENGTH(" + bytes + ')', "binary(4)") + " + " + bytes;
  return not_null ? both : "ISNULL(" + both + ", 0xFFFFFFFF)";
}

std::string hashed_value(const HashedColumn& column) {
  const ColumnForm form = form_of(*column.rule).value_or(ColumnForm{Form::hashed, 0});
  switch (form.form) {
    case Form::fixed:
      return of_fixed_size(cast(column.sql, "binary(" + std::to_string(form.size) + ')'), column.not_null);
    case Form::number:
      return with_its_length(cast("CONVERT(varchar(41), " + column.sql + ')', "varbinary(41)"), column.not_null);
    case Form::moment:
      return with_its_length(cast("CONVERT(varchar(40), " + column.sql + ", 121)", "varbinary(40)"), column.not_null);
    case Form::bytes:
      return with_its_length(cast(column.sql, "varbinary(8000)"), column.not_null);
    case Form::hashed:
      return of_fixed_size(md5(column.sql), column.not_null);
    case Form::old_text:
      return of_fixed_size(md5(cast(column.sql, "varchar(max)")), column.not_null);
    case Form::old_ntext:
      return of_fixed_size(md5(cast(column.sql, "nvarchar(max)")), column.not_null);
    case Form::rewritten:
      break;
  }
  // What is rewritten may be NULL where the column is not.
  std::string value = of_fixed_size(md5(rewritten(column.rule->rewrite, column.sql)), false);
  if (!column.rule->rewrite_to_bytes.empty()) {
    value += " + " + of_fixed_size(md5(rewritten(column.rule->rewrite_to_bytes, column.sql)), false);
  }
  return value;
}

/// Eight of the hash's bytes as an integer. A sum of bigint would overflow; that of a decimal(38) has place for 10^19
/// of them.
std::string half(int first_byte) {
  const std::string integer = cast("SUBSTRING(x.h, " + std::to_string(first_byte) + ", 8)", "bigint");
  return cast("SUM(" + cast(integer, "decimal(38, 0)") + ')', "nvarchar(40)");
}

}  // namespace

bool can_be_hashed(const ColumnRule& rule) {
  return form_of(rule).has_value();
}

std::string row_hash(std::span<const HashedColumn> columns) {
  // The first one makes a varbinary(max) of all: others end at 8,000 bytes ("+ (String concatenation)").
  std::string form = cast("0x", "varbinary(max)");
  for (const HashedColumn& column : columns) form += " + " + hashed_value(column);
  return "HASHBYTES('MD5', " + form + ')';
}

std::string sum_of_hashes(const std::string& hashes) {
  return "SELECT x.r, COUNT_BIG(*), " + half(1) + ", " + half(9) + ", COUNT_BIG(*) - COUNT_BIG(x.h) FROM (" + hashes +
         ") AS x GROUP BY x.r";
}

}  // namespace connector::sqlserver
