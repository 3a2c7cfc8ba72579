#include "drivers/sqlserver/types.hpp"

#include <algorithm>
#include <utility>

#include <sybfront.h>
#include <sybdb.h>

namespace connector::sqlserver {

namespace {

using core::LogicalType;
using core::TypeKind;
using core::ValueForm;

/// The types that sp_describe_first_result_set names. (Its numbers are Babelfish's own there.)
enum class Type {
  bigint,
  binary,
  bit,
  character,
  clr,
  date,
  datetime,
  datetime2,
  datetimeoffset,
  decimal,
  floating,
  image,
  integer,
  json,
  money,
  nchar,
  ntext,
  nvarchar,
  real,
  smalldatetime,
  smallint,
  smallmoney,
  sql_variant,
  text,
  time,
  timestamp,
  tinyint,
  uniqueidentifier,
  varbinary,
  varchar,
  vector,
  xml,
  unknown,
};

struct TypeName {
  std::string_view name;
  Type type;
};

constexpr TypeName type_names[] = {
    {"bigint", Type::bigint},
    {"binary", Type::binary},
    {"bit", Type::bit},
    {"char", Type::character},
    {"date", Type::date},
    {"datetime", Type::datetime},
    {"datetime2", Type::datetime2},
    {"datetimeoffset", Type::datetimeoffset},
    {"decimal", Type::decimal},
    {"float", Type::floating},
    {"geography", Type::clr},
    {"geometry", Type::clr},
    {"hierarchyid", Type::clr},
    {"image", Type::image},
    {"int", Type::integer},
    {"json", Type::json},
    {"money", Type::money},
    {"nchar", Type::nchar},
    {"ntext", Type::ntext},
    {"numeric", Type::decimal},
    {"nvarchar", Type::nvarchar},
    {"real", Type::real},
    {"rowversion", Type::timestamp},
    {"smalldatetime", Type::smalldatetime},
    {"smallint", Type::smallint},
    {"smallmoney", Type::smallmoney},
    {"sql_variant", Type::sql_variant},
    {"sysname", Type::nvarchar},
    {"text", Type::text},
    {"time", Type::time},
    {"timestamp", Type::timestamp},
    {"tinyint", Type::tinyint},
    {"uniqueidentifier", Type::uniqueidentifier},
    {"varbinary", Type::varbinary},
    {"varchar", Type::varchar},
    {"vector", Type::vector},
    {"xml", Type::xml},
};

/// CLR types that are not the server's own have no system name.
Type type_of(const ColumnFacts& facts) {
  if (facts.type_name.empty()) return facts.user_type.empty() ? Type::unknown : Type::clr;
  const std::string_view base = std::string_view(facts.type_name).substr(0, facts.type_name.find('('));
  const auto found = std::find_if(std::begin(type_names), std::end(type_names),
                                  [&](const TypeName& name) { return name.name == base; });
  return found == std::end(type_names) ? Type::unknown : found->type;
}

constexpr int max_length_of_max = -1;

/// What a type of the wire has behind its name.
enum class Modifier { none, length, unicode_length, precision, scale, clr };

struct WireType {
  int type;
  std::string_view name;
  Modifier modifier = Modifier::none;
};

/// By the server's type ([MS-TDS], "Data Type Definitions"; sybdb.h does not name all), or else by what db-lib makes of
/// it: only the server's tells char, varchar, nchar and nvarchar apart, only db-lib's the sizes of numbers.
constexpr WireType wire_types[] = {
    {167, "varchar", Modifier::length},
    {175, "char", Modifier::length},
    {231, "nvarchar", Modifier::unicode_length},
    {239, "nchar", Modifier::unicode_length},
    {165, "varbinary", Modifier::length},
    {173, "binary", Modifier::length},
    {36, "uniqueidentifier"},
    {98, "sql_variant"},
    {240, "CLR type", Modifier::clr},
    {241, "xml"},
    {SYBNTEXT, "ntext"},
    {SYBTEXT, "text"},
    {SYBIMAGE, "image"},
    {SYBBIT, "bit"},
    {SYBBITN, "bit"},
    {SYBINT1, "tinyint"},
    {SYBINT2, "smallint"},
    {SYBINT4, "int"},
    {SYBINT8, "bigint"},
    {SYBREAL, "real"},
    {SYBFLT8, "float"},
    {SYBMONEY4, "smallmoney"},
    {SYBMONEY, "money"},
    {SYBNUMERIC, "decimal", Modifier::precision},
    {SYBDECIMAL, "decimal", Modifier::precision},
    {SYBDATETIME4, "smalldatetime"},
    {SYBDATETIME, "datetime"},
    {SYBMSDATE, "date"},
    {SYBMSTIME, "time", Modifier::scale},
    {SYBMSDATETIME2, "datetime2", Modifier::scale},
    {SYBMSDATETIMEOFFSET, "datetimeoffset", Modifier::scale},
    // As servers before SQL Server 7.0 have them.
    {SYBVARCHAR, "varchar", Modifier::length},
    {SYBCHAR, "char", Modifier::length},
    {SYBVARBINARY, "varbinary", Modifier::length},
    {SYBBINARY, "binary", Modifier::length},
};

/// Of varchar(n) and varbinary(n); (max) is told as more.
constexpr int max_declared_bytes = 8000;

/// TDS_UT_TIMESTAMP of [MS-TDS]'s "Data Type Definitions": a binary(8) that is a rowversion.
constexpr int user_type_timestamp = 80;

LogicalType kind(TypeKind kind, std::int32_t length = 0, std::int32_t scale = 0) {
  LogicalType type;
  type.kind = kind;
  type.length = length;
  type.scale = scale;
  return type;
}

/// Seven digits are the server's default, PostgreSQL has six.
std::int32_t fraction_digits(int scale) {
  return static_cast<std::int32_t>(std::clamp(scale, 0, 6));
}

ColumnRule datum(Decode decode, LogicalType type) {
  ColumnRule rule;
  rule.decode = decode;
  rule.type = std::move(type);
  return rule;
}

ColumnRule text_form(LogicalType type) {
  ColumnRule rule = datum(Decode::text, std::move(type));
  rule.form = ValueForm::text;
  return rule;
}

ColumnRule numeric_rule(int precision, int scale) {
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    return datum(Decode::numeric, kind(TypeKind::numeric));
  }
  return datum(Decode::numeric, kind(TypeKind::numeric, precision, scale));
}

/// Text of the server's code pages, which the library converts; with `encoding` its bytes as they are stored.
ColumnRule code_page_text(LogicalType type, const std::optional<std::string>& encoding, std::string_view raw) {
  ColumnRule rule = text_form(std::move(type));
  if (encoding) {
    rule.encoding = *encoding;
    rule.rewrite = raw;
    rule.is_changed = true;
  }
  return rule;
}

ColumnRule geometry_rule(TypeKind geometry_kind) {
  ColumnRule rule = datum(Decode::geometry, kind(geometry_kind));
  rule.form = ValueForm::receive;
  // Other than STAsBinary() this keeps Z and M.
  rule.rewrite = "CAST(?.STSrid AS binary(4)) + ?.AsBinaryZM()";
  return rule;
}

/// Each base type's own text: the plain cast rounds float and money, and has dates in the server's language. Bytes come
/// as such: Babelfish knows no style of CONVERT that makes digits of them. A variant has up to 8000 bytes. With a plain
/// NULL in it, Babelfish makes varchar of the CASE, which loses characters.
ColumnRule variant_rule() {
  ColumnRule rule = text_form(kind(TypeKind::text));
  rule.rewrite =
      "CASE CAST(SQL_VARIANT_PROPERTY(?, 'BaseType') AS nvarchar(128)) "
      "WHEN N'float' THEN LTRIM(RTRIM(CONVERT(nvarchar(60), CAST(? AS float), 3))) "
      "WHEN N'real' THEN LTRIM(RTRIM(CONVERT(nvarchar(60), CAST(? AS real), 3))) "
      "WHEN N'money' THEN CONVERT(nvarchar(60), CAST(CAST(? AS money) AS decimal(19, 4))) "
      "WHEN N'smallmoney' THEN CONVERT(nvarchar(60), CAST(CAST(? AS smallmoney) AS decimal(10, 4))) "
      "WHEN N'datetime' THEN CONVERT(nvarchar(60), CAST(? AS datetime), 121) "
      "WHEN N'smalldatetime' THEN CONVERT(nvarchar(60), CAST(? AS smalldatetime), 120) "
      "WHEN N'binary' THEN CAST(NULL AS nvarchar(max)) WHEN N'varbinary' THEN CAST(NULL AS nvarchar(max)) "
      "ELSE CAST(? AS nvarchar(max)) END";
  rule.rewrite_to_bytes =
      "CASE CAST(SQL_VARIANT_PROPERTY(?, 'BaseType') AS nvarchar(128)) "
      "WHEN N'binary' THEN CAST(? AS varbinary(8000)) WHEN N'varbinary' THEN CAST(? AS varbinary(8000)) END";
  return rule;
}

ColumnRule clr_rule(const ColumnFacts& facts) {
  const std::string& name = facts.type_name.empty() ? facts.user_type : facts.type_name;
  if (name == "geometry") return geometry_rule(TypeKind::geometry);
  if (name == "geography") return geometry_rule(TypeKind::geography);
  ColumnRule rule = text_form(kind(TypeKind::text));
  // Every CLR type has this method.
  rule.rewrite = "?.ToString()";
  rule.is_changed = true;
  return rule;
}

ColumnRule string_rule(const ColumnFacts& facts, const std::optional<std::string>& encoding) {
  const bool is_max = facts.max_length == max_length_of_max;
  const std::string length = is_max ? "max" : std::to_string(facts.max_length);
  switch (type_of(facts)) {
    case Type::character:
      return code_page_text(kind(TypeKind::bpchar, facts.max_length), encoding, "CAST(? AS varbinary(" + length + "))");
    case Type::varchar:
      return code_page_text(is_max ? kind(TypeKind::text) : kind(TypeKind::varchar, facts.max_length), encoding,
                            "CAST(? AS varbinary(" + length + "))");
    case Type::text:
      return code_page_text(kind(TypeKind::text), encoding, "CAST(CAST(? AS varchar(max)) AS varbinary(max))");
    case Type::nchar:
      return text_form(kind(TypeKind::bpchar, facts.max_length / 2));
    case Type::nvarchar:
      return text_form(is_max ? kind(TypeKind::text) : kind(TypeKind::varchar, facts.max_length / 2));
    default:
      return text_form(kind(TypeKind::text));
  }
}

ColumnRule rule_of_type(const ColumnFacts& facts, const std::optional<std::string>& encoding) {
  switch (type_of(facts)) {
    case Type::bit:
      return datum(Decode::boolean, kind(TypeKind::boolean));
    case Type::tinyint:
      return datum(Decode::uint8, kind(TypeKind::int2));
    case Type::smallint:
      return datum(Decode::int16, kind(TypeKind::int2));
    case Type::integer:
      return datum(Decode::int32, kind(TypeKind::int4));
    case Type::bigint:
      return datum(Decode::int64, kind(TypeKind::int8));
    case Type::real:
      return datum(Decode::float4, kind(TypeKind::float4));
    case Type::floating:
      return datum(Decode::float8, kind(TypeKind::float8));
    case Type::money:
      return datum(Decode::money8, kind(TypeKind::numeric, 19, 4));
    case Type::smallmoney:
      return datum(Decode::money4, kind(TypeKind::numeric, 10, 4));
    case Type::decimal:
      return numeric_rule(facts.precision, facts.scale);
    case Type::date:
      return datum(Decode::date, kind(TypeKind::date, -1));
    case Type::time:
      return datum(Decode::time, kind(TypeKind::time, fraction_digits(facts.scale)));
    case Type::smalldatetime:
      return datum(Decode::smalldatetime, kind(TypeKind::timestamp, 6));
    case Type::datetime:
      return datum(Decode::datetime, kind(TypeKind::timestamp, 6));
    case Type::datetime2:
      return datum(Decode::datetime2, kind(TypeKind::timestamp, fraction_digits(facts.scale)));
    case Type::datetimeoffset:
      return datum(Decode::datetimeoffset, kind(TypeKind::timestamptz, fraction_digits(facts.scale)));
    case Type::uniqueidentifier:
      return datum(Decode::uuid, kind(TypeKind::uuid));
    case Type::binary:
    case Type::varbinary:
    case Type::image:
    case Type::timestamp:
      return datum(Decode::bytes, kind(TypeKind::bytea));
    case Type::xml:
      return text_form(kind(TypeKind::xml));
    case Type::json: {
      ColumnRule rule = text_form(kind(TypeKind::jsonb));
      rule.rewrite = "CAST(? AS nvarchar(max))";
      return rule;
    }
    case Type::vector: {
      ColumnRule rule = text_form(kind(TypeKind::text));
      rule.rewrite = "CAST(? AS nvarchar(max))";
      return rule;
    }
    case Type::sql_variant:
      return variant_rule();
    case Type::clr:
      return clr_rule(facts);
    case Type::character:
    case Type::varchar:
    case Type::text:
    case Type::nchar:
    case Type::nvarchar:
    case Type::ntext:
      return string_rule(facts, encoding);
    case Type::unknown:
      break;
  }
  ColumnRule rule = text_form(kind(TypeKind::text));
  rule.unsupported = "its type is not known to the connector";
  return rule;
}

}  // namespace

ColumnRule described_rule(const ColumnFacts& facts, const std::optional<std::string>& encoding, bool dates_as_text) {
  ColumnRule rule = rule_of_type(facts, encoding);
  const Type type = type_of(facts);
  const bool came_with_7_3 =
      type == Type::date || type == Type::time || type == Type::datetime2 || type == Type::datetimeoffset;
  if (dates_as_text && came_with_7_3) {
    rule.form = ValueForm::text;
    rule.decode = Decode::text;
  }
  rule.remote_type = facts.type_name.empty() ? facts.user_type : facts.type_name;
  if (type == Type::timestamp) rule.remote_type = "rowversion";
  return rule;
}

ColumnFacts result_facts(std::string name, const WireFacts& wire) {
  ColumnFacts facts;
  facts.name = std::move(name);
  facts.precision = wire.precision;
  facts.scale = wire.scale;
  facts.not_null = wire.not_null;
  facts.max_length = wire.max_length > max_declared_bytes ? max_length_of_max : wire.max_length;
  const auto find = [](int number) { return std::ranges::find(wire_types, number, &WireType::type); };
  auto found = find(wire.server_type);
  if (found == std::end(wire_types)) found = find(wire.type);
  if (found == std::end(wire_types)) return facts;
  const bool is_rowversion = found->name == "binary" && wire.user_type == user_type_timestamp;
  facts.type_name = is_rowversion ? "timestamp" : found->name;
  switch (found->modifier) {
    case Modifier::none:
      break;
    case Modifier::clr:
      facts.user_type = std::exchange(facts.type_name, {});
      break;
    case Modifier::length:
    case Modifier::unicode_length:
      if (is_rowversion) break;
      facts.type_name +=
          facts.max_length == max_length_of_max
              ? "(max)"
              : '(' + std::to_string(facts.max_length / (found->modifier == Modifier::length ? 1 : 2)) + ')';
      break;
    case Modifier::precision:
      facts.type_name += '(' + std::to_string(facts.precision) + ',' + std::to_string(facts.scale) + ')';
      break;
    case Modifier::scale:
      facts.type_name += '(' + std::to_string(facts.scale) + ')';
      break;
  }
  return facts;
}

bool may_be_invalid(Decode decode) noexcept {
  switch (decode) {
    case Decode::boolean:
    case Decode::uint8:
    case Decode::int16:
    case Decode::int32:
    case Decode::int64:
    case Decode::float4:
    case Decode::float8:
    case Decode::money4:
    case Decode::money8:
    case Decode::uuid:
    case Decode::bytes:
      return false;
    default:
      return true;
  }
}

namespace {

/// A type with seven digits behind the second, of which six come here.
bool is_rounded(const ColumnRule& rule) {
  return rule.remote_type.ends_with("(7)") && rule.type.length == fraction_digits(7) &&
         (rule.type.kind == TypeKind::time || rule.type.kind == TypeKind::timestamp ||
          rule.type.kind == TypeKind::timestamptz);
}

bool holds(const LogicalType& described, const LogicalType& sent) {
  switch (described.kind) {
    case TypeKind::numeric:
      if (described.length == 0) return true;
      return sent.kind == TypeKind::numeric && sent.length > 0 && sent.scale <= described.scale &&
             sent.length - sent.scale <= described.length - described.scale;
    case TypeKind::varchar:
    case TypeKind::bpchar:
      return (sent.kind == TypeKind::varchar || sent.kind == TypeKind::bpchar) && sent.length <= described.length;
    case TypeKind::time:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return sent.kind != described.kind || sent.length <= described.length;
    default:
      return true;
  }
}

}  // namespace

bool can_store(const ColumnRule& described, const ColumnRule& sent) {
  if (!sent.unsupported.empty() || !sent.rewrite.empty()) return false;
  const auto is_plain = [](Decode decode) {
    return decode == Decode::text || decode == Decode::bytes || decode == Decode::geometry;
  };
  if (described.decode != sent.decode && !(is_plain(described.decode) && is_plain(sent.decode))) return false;
  // Values that are rounded are compared in another way.
  if (is_rounded(sent) && !is_rounded(described)) return false;
  return !described.rewrite.empty() || holds(described.type, sent.type);
}

std::string rewritten(std::string_view expression, std::string_view column) {
  std::string sql;
  for (const char c : expression) {
    if (c == '?') {
      sql += column;
    } else {
      sql += c;
    }
  }
  return sql;
}

}  // namespace connector::sqlserver
