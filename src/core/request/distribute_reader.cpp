#include "core/request/distribute_reader.hpp"

#include <string_view>
#include <vector>

#include "core/base/utf8.hpp"
#include "core/request/common_parameters.hpp"

namespace connector::core {

namespace {

constexpr std::string_view key = "distribute";
constexpr std::string_view for_a_copy_on_each_node = "reference";

/// What Citus allows.
constexpr std::int64_t most_shards = 32000;

Distribution read_members(const JsonValue& object, Problems& problems) {
  Distribution distribution;
  const ObjectReader reader(object, "distribute.", problems);
  if (const auto column = reader.string("column")) {
    distribution.column = *column;
  } else if (!problems.has("distribute.column")) {
    problems.add("distribute.column",
                 "Missing key \"distribute.column\": the column whose values tell which shard a row is in.");
  }
  distribution.colocate_with = reader.string("colocate_with");
  distribution.shard_count = reader.integer("shard_count", 1, most_shards);
  std::vector<std::string_view> known;
  for (const ParameterInfo& parameter : distribute_parameters()) known.push_back(parameter.name);
  reader.report_unknown(known, {}, "");
  if (distribution.shard_count && distribution.colocate_with &&
      lower_ascii(*distribution.colocate_with) != no_colocation) {
    problems.add(
        "distribute.shard_count",
        "Key \"distribute.shard_count\" has no place beside \"distribute.colocate_with\": the table gets as many "
        "shards as that one has.");
  }
  return distribution;
}

}  // namespace

std::optional<Distribution> read_distribution(const ObjectReader& request, Problems& problems) {
  const JsonValue* value = request.value(key);
  if (value == nullptr) return std::nullopt;
  if (value->type == JsonValue::Type::object) return read_members(*value, problems);
  if (value->type != JsonValue::Type::string) {
    request.wrong_type(key, *value, "an object or \"reference\"");
    return std::nullopt;
  }
  if (is_blank(value->text)) return std::nullopt;
  if (value->text != for_a_copy_on_each_node) {
    problems.add(std::string(key),
                 "Key \"distribute\" must be \"reference\" or an object such as {\"column\": \"customer_id\"}.");
    return std::nullopt;
  }
  Distribution distribution;
  distribution.reference = true;
  return distribution;
}

}  // namespace connector::core
