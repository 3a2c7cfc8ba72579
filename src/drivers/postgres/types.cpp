#include "drivers/postgres/types.hpp"

#include <utility>

namespace connector::postgres {

namespace {

using core::LogicalType;
using core::TypeKind;
using core::ValueForm;

constexpr int max_domain_depth = 32;  // against a catalog whose domains go in circles

LogicalType named(std::string name) {
  LogicalType type;
  type.kind = TypeKind::named;
  type.name = std::move(name);
  return type;
}

ColumnRule cast_to_text() {
  ColumnRule rule;
  rule.form = ValueForm::text;
  rule.cast = "pg_catalog.text";
  return rule;
}

ColumnRule received(LogicalType type) {
  ColumnRule rule;
  rule.type = std::move(type);
  rule.form = ValueForm::receive;
  return rule;
}

/// Modifiers are those of each type's typmodin function (src/backend/utils/adt).
constexpr std::int32_t length_offset = 4;  // numeric, varchar, bpchar: VARHDRSZ is added

void set_numeric_modifier(LogicalType& type, std::int32_t modifier) {
  if (modifier < length_offset) return;
  const std::int32_t packed = modifier - length_offset;
  type.length = packed >> 16 & 0xffff;
  // Eleven bits with a sign from 15 on; before, not beyond 1000.
  type.scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
}

/// ` day to second` for the fields that an interval is restricted to; bits are those of timestamp.h, INTERVAL_MASK.
std::string_view interval_fields(std::int32_t fields) {
  constexpr std::int32_t month = 1 << 1, year = 1 << 2, day = 1 << 3, hour = 1 << 10, minute = 1 << 11,
                         second = 1 << 12;
  constexpr std::pair<std::int32_t, std::string_view> names[] = {
      {year, " year"},
      {month, " month"},
      {day, " day"},
      {hour, " hour"},
      {minute, " minute"},
      {second, " second"},
      {year | month, " year to month"},
      {day | hour, " day to hour"},
      {day | hour | minute, " day to minute"},
      {day | hour | minute | second, " day to second"},
      {hour | minute, " hour to minute"},
      {hour | minute | second, " hour to second"},
      {minute | second, " minute to second"},
  };
  for (const auto& [bits, name] : names) {
    if (bits == fields) return name;
  }
  return "";
}

void set_interval_modifier(LogicalType& type, std::int32_t modifier) {
  type.length = -1;
  if (modifier < 0) return;
  const std::int32_t digits = modifier & 0xffff;
  if (digits <= 6) type.length = digits;
  const std::string_view fields = interval_fields(modifier >> 16 & 0x7fff);
  if (fields.empty()) return;
  std::string name = "interval" + std::string(fields);
  if (type.length >= 0) name += '(' + std::to_string(type.length) + ')';
  type = named(std::move(name));
}

LogicalType logical_type(const BuiltinType& builtin, std::int32_t modifier) {
  if (builtin.kind == TypeKind::named) return named(std::string(builtin.name));
  LogicalType type;
  type.kind = builtin.kind;
  switch (type.kind) {
    case TypeKind::numeric:
      set_numeric_modifier(type, modifier);
      break;
    case TypeKind::varchar:
    case TypeKind::bpchar:
      if (modifier > length_offset) type.length = modifier - length_offset;
      break;
    case TypeKind::bit:
    case TypeKind::varbit:
      if (modifier > 0) type.length = modifier;
      break;
    case TypeKind::time:
    case TypeKind::timetz:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      type.length = modifier >= 0 && modifier <= 6 ? modifier : -1;
      break;
    case TypeKind::interval:
      set_interval_modifier(type, modifier);
      break;
    default:
      break;
  }
  return type;
}

ColumnRule builtin_rule(const BuiltinType& builtin, std::int32_t modifier) {
  LogicalType type = logical_type(builtin, modifier);
  if (builtin.arrival == Arrival::receive) return received(std::move(type));
  if (builtin.arrival == Arrival::as_text) return cast_to_text();
  ColumnRule rule;
  if (builtin.arrival == Arrival::text) {
    rule = cast_to_text();
  } else if (is_text_kind(type.kind)) {
    rule.form = ValueForm::text;
  }
  rule.decode = builtin.arrival == Arrival::text ? Decode::bytes : builtin.decode;
  rule.type = std::move(type);
  return rule;
}

/// Arrays are received as what they are if their elements are.
ColumnRule array_rule(const BuiltinType& element, std::int32_t modifier) {
  if (element.arrival != Arrival::as_text) {
    ColumnRule rule = received(named(sql_type_name(logical_type(element, modifier)) + "[]"));
    if (element.arrival != Arrival::text) return rule;
    rule.form = ValueForm::text;
    rule.cast = "pg_catalog.text";
    return rule;
  }
  ColumnRule rule = received(named("text[]"));
  rule.cast = "pg_catalog.text[]";
  return rule;
}

/// A PostGIS type's modifier: 21 bits of SRID with a sign from bit 8 on (liblwgeom.h, TYPMOD_GET_SRID).
std::int32_t srid_of(std::int32_t modifier) {
  return modifier < 0 ? 0 : ((modifier & 0x0fffff00) - (modifier & 0x10000000)) >> 8;
}

/// What all geometries of a column have besides X and Y (TYPMOD_GET_Z, TYPMOD_GET_M).
std::string dimensions_of(std::int32_t modifier) {
  if (modifier < 0) return {};
  return std::string((modifier & 2) != 0 ? "Z" : "") + ((modifier & 1) != 0 ? "M" : "");
}

ColumnRule extension_rule(const CatalogType& type, std::int32_t modifier) {
  if (type.extension == "postgis" && (type.name == "geometry" || type.name == "geography")) {
    LogicalType spatial;
    spatial.kind = type.name == "geometry" ? TypeKind::geometry : TypeKind::geography;
    spatial.srid = srid_of(modifier);
    spatial.name = dimensions_of(modifier);
    return received(std::move(spatial));
  }
  ColumnRule rule = cast_to_text();
  rule.type = named(type.name);
  rule.type.extension = type.extension;
  return rule;
}

ColumnRule catalog_rule(const CatalogType& type, std::int32_t modifier, const CatalogTypes& catalog) {
  if (type.element_type != 0) {
    ColumnRule rule = received(named("text[]"));
    rule.cast = "pg_catalog.text[]";
    const TypeUse element = base_of({type.element_type, -1}, catalog);
    const BuiltinType* builtin = find_builtin(element.oid);
    if (builtin != nullptr && builtin->arrival != Arrival::as_text) {  // an array of a domain
      rule.type.name = rule.cast = sql_type_name(logical_type(*builtin, element.modifier)) + "[]";
    }
    return rule;
  }
  if (type.kind == 'e') {  // its binary form is its text
    ColumnRule rule;
    rule.form = ValueForm::text;
    return rule;
  }
  // A base type or a range may exist here too, with its extension.
  if (!type.extension.empty() && (type.kind == 'b' || type.kind == 'r')) return extension_rule(type, modifier);
  return cast_to_text();
}

}  // namespace

TypeUse base_of(TypeUse use, const CatalogTypes& catalog) {
  for (int depth = 0; depth < max_domain_depth; ++depth) {
    const auto found = catalog.find(use.oid);
    if (found == catalog.end() || found->second.kind != 'd') break;
    use = {found->second.base_type, found->second.base_modifier};
  }
  return use;
}

std::optional<Oid> missing_type(TypeUse use, const CatalogTypes& catalog) {
  const auto is_known = [&](Oid oid) {
    return find_builtin(oid) != nullptr || find_builtin_element(oid) != nullptr || catalog.contains(oid);
  };
  TypeUse base = base_of(use, catalog);
  if (!is_known(base.oid)) return base.oid;
  const auto found = catalog.find(base.oid);
  if (found == catalog.end() || found->second.element_type == 0) return std::nullopt;
  base = base_of({found->second.element_type, -1}, catalog);
  return is_known(base.oid) ? std::nullopt : std::optional(base.oid);
}

ColumnRule binary_rule(TypeUse use, const CatalogTypes& catalog, int money_digits) {
  const TypeUse base = base_of(use, catalog);
  const BuiltinType* element = find_builtin_element(base.oid);
  const BuiltinType* builtin = element != nullptr ? element : find_builtin(base.oid);
  if (builtin != nullptr && builtin->oid == money_oid && money_digits != 2) {
    // With another number of digits the same bits would mean another amount here.
    ColumnRule rule = element != nullptr ? received(named("numeric[]")) : builtin_rule(*find_builtin(1700), -1);
    rule.cast = element != nullptr ? "pg_catalog.numeric[]" : "pg_catalog.numeric";
    return rule;
  }
  if (element != nullptr) return array_rule(*element, base.modifier);
  if (builtin != nullptr) return builtin_rule(*builtin, base.modifier);
  const auto found = catalog.find(base.oid);
  return found != catalog.end() ? catalog_rule(found->second, base.modifier, catalog) : cast_to_text();
}

ColumnRule text_rule(TypeUse use, const CatalogTypes& catalog) {
  ColumnRule rule = binary_rule(use, catalog, 2);
  rule.form = ValueForm::text;
  rule.decode = Decode::bytes;
  rule.cast.clear();
  // Amounts are written as the remote server's locale says, and a geometry may have to become WKB.
  const bool is_spatial = rule.type.kind == TypeKind::geometry || rule.type.kind == TypeKind::geography;
  if (is_spatial || rule.type.name.starts_with("money")) rule.type = LogicalType();
  return rule;
}

std::string type_name(TypeUse use, const CatalogTypes& catalog) {
  if (const auto found = catalog.find(use.oid); found != catalog.end()) {
    return (found->second.schema == "pg_catalog" ? "" : found->second.schema + '.') + found->second.name;
  }
  if (const BuiltinType* element = find_builtin_element(use.oid)) {
    return sql_type_name(logical_type(*element, use.modifier)) + "[]";
  }
  if (const BuiltinType* builtin = find_builtin(use.oid)) return sql_type_name(logical_type(*builtin, use.modifier));
  return "type " + std::to_string(use.oid);
}

}  // namespace connector::postgres
