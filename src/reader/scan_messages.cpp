#include "reader/message_json.hpp"
#include "reader/messages.hpp"

namespace connector::reader {

namespace {

Json json_of(const core::Expression& expression) {
  return {{"kind", number_of(expression.kind)},
          {"column", expression.column},
          {"parameter", expression.parameter},
          {"value", expression.value},
          {"is_null", expression.is_null},
          {"operation", number_of(expression.operation)},
          {"operands", json_list(expression.operands, [](const auto& operand) { return json_of(operand); })}};
}

core::Expression expression_of(const Json& json) {
  core::Expression expression;
  expression.kind = word_at(json, "kind", core::Expression::Kind::operation);
  expression.column = integer_of<std::size_t>(json.at("column"));
  expression.parameter = integer_of<std::size_t>(json.at("parameter"));
  expression.value = text_at(json, "value");
  expression.is_null = json.at("is_null").get<bool>();
  expression.operation = word_at(json, "operation", core::Operator::logical_or);
  expression.operands = list_of<core::Expression>(json.at("operands"), expression_of);
  return expression;
}

Json json_of(const core::Join& join) {
  return {{"kind", number_of(join.kind)}, {"on", json_of(join.on)}};
}

core::Join join_of(const Json& json) {
  return {.kind = word_at(json, "kind", core::JoinKind::anti), .on = expression_of(json.at("on"))};
}

Json json_of(const core::Aggregate& aggregate) {
  return {{"function", number_of(aggregate.function)}, {"column", aggregate.column}};
}

core::Aggregate aggregate_of(const Json& json) {
  return {.function = word_at(json, "function", core::AggregateFunction::maximum),
          .column = integer_of<std::size_t>(json.at("column"))};
}

Json json_of(const core::Scan& scan) {
  return {
      {"columns", scan.columns},
      {"joins", json_list(scan.joins, [](const auto& join) { return json_of(join); })},
      {"is_grouped", scan.is_grouped},
      {"aggregates", json_list(scan.aggregates, [](const auto& aggregate) { return json_of(aggregate); })},
      {"where", scan.where ? json_of(*scan.where) : Json(nullptr)},
      {"part", scan.part},
      {"order_by",
       json_list(
           scan.order_by,
           [](const core::OrderBy& order) {
             return Json{{"column", order.column}, {"descending", order.descending}, {"nulls", number_of(order.nulls)}};
           })},
      {"limit", optional_json(scan.limit)},
      {"offset", scan.offset},
      {"sample", optional_json(scan.sample)}};
}

core::Scan scan_of(const Json& json) {
  core::Scan scan;
  scan.columns = list_of<std::size_t>(json.at("columns"), integer_of<std::size_t>);
  scan.joins = list_of<core::Join>(json.at("joins"), join_of);
  scan.is_grouped = json.at("is_grouped").get<bool>();
  scan.aggregates = list_of<core::Aggregate>(json.at("aggregates"), aggregate_of);
  if (!json.at("where").is_null()) scan.where = expression_of(json.at("where"));
  scan.part = json.at("part").get<std::string>();
  scan.order_by = list_of<core::OrderBy>(json.at("order_by"), [](const Json& order) {
    return core::OrderBy{.column = integer_of<std::size_t>(order.at("column")),
                         .descending = order.at("descending").get<bool>(),
                         .nulls = word_at(order, "nulls", core::Nulls::wherever)};
  });
  scan.limit = optional_number(json.at("limit"));
  scan.offset = integer_of<std::int64_t>(json.at("offset"));
  if (!json.at("sample").is_null()) scan.sample = json.at("sample").get<double>();
  return scan;
}

}  // namespace

std::string to_message(const SourceMessage& message) {
  return written({{"source", message.source}, {"column", message.column}, {"condition", json_of(message.condition)}});
}

SourceMessage source_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return SourceMessage{integer_of<std::uint64_t>(json.at("source")), integer_of<std::size_t>(json.at("column")),
                         expression_of(json.at("condition"))};
  });
}

std::string to_message(const PartsMessage& parts) {
  return written(parts.sources);
}

PartsMessage parts_message(std::string_view text) {
  return message(text, [](const Json& json) { return PartsMessage{numbers_of(json)}; });
}

std::string to_message(const AggregateMessage& message) {
  return written({{"source", message.source}, {"aggregate", json_of(message.aggregate)}});
}

AggregateMessage aggregate_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return AggregateMessage{integer_of<std::uint64_t>(json.at("source")), aggregate_of(json.at("aggregate"))};
  });
}

std::string to_message(const JoinMessage& message) {
  return written({{"source", message.source}, {"join", json_of(message.join)}});
}

JoinMessage join_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return JoinMessage{integer_of<std::uint64_t>(json.at("source")), join_of(json.at("join"))};
  });
}

std::string to_message(const ScanMessage& message) {
  return written({{"source", message.source}, {"scan", json_of(message.scan)}});
}

ScanMessage scan_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return ScanMessage{integer_of<std::uint64_t>(json.at("source")), scan_of(json.at("scan"))};
  });
}

}  // namespace connector::reader
