#include "reader/messages.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <nlohmann/json.hpp>

#include "reader/broken_reader.hpp"
#include "reader/value_check.hpp"

namespace connector::reader {

using Json = nlohmann::json;

namespace {

std::string written(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What `read` makes of the JSON. Json's own errors, for members that are not there or of another type, end here.
template <typename Read>
auto message(std::string_view text, Read&& read) {
  try {
    // What a tree of them takes is far more than the text: a hostile one would fill the memory.
    constexpr std::size_t most_values = 2'000'000;
    constexpr int deepest = 1000;
    std::size_t values = 0;
    const auto count = [&values](int depth, Json::parse_event_t /*event*/, const Json& /*value*/) {
      if (++values > most_values || depth > deepest) throw broken_reader("a message has too many values");
      return true;
    };
    return read(Json::parse(text, count));
  } catch (const Json::exception&) {
    throw broken_reader("a message has another form");
  }
}

std::string text_of(const Json& json) {
  std::string text = json.get<std::string>();
  if (text.find('\0') != std::string::npos) throw broken_reader("a text has a NUL");
  return text;
}

std::string text_at(const Json& json, const char* key) {
  return text_of(json.at(key));
}

/// Json's own get() turns any number into any other, and a fraction beyond the range of Integer is undefined there.
template <typename Integer>
Integer integer_of(const Json& json) {
  const auto in_range = [](auto number) {
    if (!std::in_range<Integer>(number)) throw broken_reader("a number is out of range");
    return static_cast<Integer>(number);
  };
  if (json.is_number_unsigned()) return in_range(json.get<std::uint64_t>());
  if (json.is_number_integer()) return in_range(json.get<std::int64_t>());
  throw broken_reader("a number is no whole one");
}

template <typename Enum>
Enum word_at(const Json& json, const char* key, Enum last) {
  const auto number = integer_of<std::uint64_t>(json.at(key));
  if (number > static_cast<std::uint64_t>(last)) throw broken_reader("a word is none of those there are");
  return static_cast<Enum>(number);
}

template <typename Enum>
std::uint64_t number_of(Enum word) noexcept {
  return static_cast<std::uint64_t>(word);
}

Json optional_json(const auto& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<std::int64_t> optional_number(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(integer_of<std::int64_t>(json));
}

std::optional<std::string> optional_text(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(text_of(json));
}

template <typename Item, typename Read>
std::vector<Item> list_of(const Json& json, Read&& read) {
  std::vector<Item> items;
  for (const Json& item : json.get_ref<const Json::array_t&>()) items.push_back(read(item));
  return items;
}

std::vector<std::uint64_t> counts_of(const Json& json) {
  return list_of<std::uint64_t>(json, integer_of<std::uint64_t>);
}

Json json_list(const auto& items, auto&& write) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(write(item));
  return list;
}

std::map<std::string, std::string, std::less<>> texts_of(const Json& json) {
  std::map<std::string, std::string, std::less<>> texts;
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>()) texts.emplace(key, text_of(value));
  return texts;
}

Json json_of(const core::LogicalType& type) {
  return {{"kind", number_of(type.kind)},
          {"length", type.length},
          {"scale", type.scale},
          {"srid", type.srid},
          {"name", type.name},
          {"extension", type.extension}};
}

core::LogicalType type_of(const Json& json) {
  return {.kind = word_at(json, "kind", core::TypeKind::named),
          .length = integer_of<std::int32_t>(json.at("length")),
          .scale = integer_of<std::int32_t>(json.at("scale")),
          .srid = integer_of<std::int32_t>(json.at("srid")),
          .name = text_at(json, "name"),
          .extension = text_at(json, "extension")};
}

Json json_of(const core::RemoteColumn& column) {
  return {{"name", column.name},
          {"remote_type", column.remote_type},
          {"type", json_of(column.type)},
          {"form", number_of(column.form)},
          {"encoding", column.encoding},
          {"unsupported_reason", column.unsupported_reason},
          {"not_null", column.not_null},
          {"is_rounded", column.is_rounded},
          {"may_become_null", column.may_become_null},
          {"is_comparable", column.is_comparable},
          {"collation", column.collation},
          {"comment", column.comment}};
}

core::RemoteColumn column_of(const Json& json) {
  core::RemoteColumn column;
  column.name = text_at(json, "name");
  column.remote_type = text_at(json, "remote_type");
  column.type = type_of(json.at("type"));
  column.form = word_at(json, "form", core::ValueForm::receive);
  column.encoding = text_at(json, "encoding");
  column.unsupported_reason = text_at(json, "unsupported_reason");
  column.not_null = json.at("not_null").get<bool>();
  column.is_rounded = json.at("is_rounded").get<bool>();
  column.may_become_null = json.at("may_become_null").get<bool>();
  column.is_comparable = json.at("is_comparable").get<bool>();
  column.collation = text_at(json, "collation");
  column.comment = text_at(json, "comment");
  if (column.unsupported_reason.empty() && !is_allowed(column.type, column.form)) {
    throw broken_reader("a column has a type that it may not have");
  }
  return column;
}

Json json_of(const core::SourceDescription& description) {
  return {{"columns", json_list(description.columns, [](const auto& column) { return json_of(column); })},
          {"primary_key", description.primary_key},
          {"estimated_rows", optional_json(description.estimated_rows)},
          {"comment", description.comment}};
}

core::SourceDescription description_of(const Json& json) {
  core::SourceDescription description;
  description.columns = list_of<core::RemoteColumn>(json.at("columns"), column_of);
  description.primary_key = list_of<std::string>(json.at("primary_key"), text_of);
  description.estimated_rows = optional_number(json.at("estimated_rows"));
  description.comment = text_at(json, "comment");
  return description;
}

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

std::string to_message(const ConnectMessage& connect) {
  return written({{"options", connect.options},
                  {"session", connect.session},
                  {"connect_timeout", connect.connect_timeout.count()},
                  {"statement_timeout", connect.statement_timeout.count()},
                  {"application_name", connect.application_name},
                  {"trusted", connect.trusted},
                  {"may_use_tickets", connect.may_use_tickets}});
}

ConnectMessage connect_message(std::string_view text) {
  return message(text, [](const Json& json) {
    ConnectMessage connect;
    connect.options = texts_of(json.at("options"));
    for (auto& [key, value] : texts_of(json.at("session"))) connect.session.emplace(key, value);
    connect.connect_timeout = std::chrono::seconds(integer_of<std::int64_t>(json.at("connect_timeout")));
    connect.statement_timeout = std::chrono::seconds(integer_of<std::int64_t>(json.at("statement_timeout")));
    connect.application_name = text_at(json, "application_name");
    connect.trusted = json.at("trusted").get<bool>();
    connect.may_use_tickets = json.at("may_use_tickets").get<bool>();
    return connect;
  });
}

std::string to_message(const ConnectedMessage& connected) {
  return written({{"survives_early_end", connected.survives_early_end}});
}

ConnectedMessage connected_message(std::string_view text) {
  return message(text, [](const Json& json) { return ConnectedMessage{json.at("survives_early_end").get<bool>()}; });
}

std::string to_message(const ListMessage& list) {
  return written({{"schema", list.schema}, {"limit", list.limit}});
}

ListMessage list_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return ListMessage{text_at(json, "schema"), integer_of<std::int64_t>(json.at("limit"))};
  });
}

std::string to_message(const std::vector<core::RemoteTable>& tables) {
  return written(json_list(tables, [](const core::RemoteTable& table) {
    return Json{{"schema", table.schema},
                {"name", table.name},
                {"kind", table.kind},
                {"estimated_rows", optional_json(table.estimated_rows)},
                {"only_by_name", table.only_by_name}};
  }));
}

std::vector<core::RemoteTable> tables_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return list_of<core::RemoteTable>(json, [](const Json& table) {
      return core::RemoteTable{.schema = text_at(table, "schema"),
                               .name = text_at(table, "name"),
                               .kind = text_at(table, "kind"),
                               .estimated_rows = optional_number(table.at("estimated_rows")),
                               .only_by_name = table.at("only_by_name").get<bool>()};
    });
  });
}

std::string to_message(const core::SourceRequest& request) {
  return written(
      {{"schema", request.schema},
       {"table", request.table},
       {"query", request.query},
       {"columns",
        json_list(
            request.columns,
            [](const core::ColumnRequest& column) {
              return Json{{"name", column.name}, {"wanted", column.wanted ? json_of(*column.wanted) : Json(nullptr)}};
            })},
       {"encoding", optional_json(request.encoding)},
       {"parameters", request.parameters},
       {"invalid_become_null", request.invalid_become_null}});
}

core::SourceRequest source_request_message(std::string_view text) {
  return message(text, [](const Json& json) {
    core::SourceRequest request;
    request.schema = text_at(json, "schema");
    request.table = text_at(json, "table");
    request.query = text_at(json, "query");
    request.columns = list_of<core::ColumnRequest>(json.at("columns"), [](const Json& column) {
      const Json& wanted = column.at("wanted");
      return core::ColumnRequest{text_at(column, "name"),
                                 wanted.is_null() ? std::nullopt : std::optional(type_of(wanted))};
    });
    request.encoding = optional_text(json.at("encoding"));
    request.parameters = texts_of(json.at("parameters"));
    request.invalid_become_null = json.at("invalid_become_null").get<bool>();
    return request;
  });
}

std::string to_message(const DescribedMessage& described) {
  return written({{"source", described.source}, {"description", json_of(described.description)}});
}

DescribedMessage described_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return DescribedMessage{integer_of<std::uint64_t>(json.at("source")), description_of(json.at("description"))};
  });
}

std::string to_message(const SourceMessage& message) {
  return written({{"source", message.source}, {"column", message.column}, {"condition", json_of(message.condition)}});
}

SourceMessage source_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return SourceMessage{integer_of<std::uint64_t>(json.at("source")), integer_of<std::size_t>(json.at("column")),
                         expression_of(json.at("condition"))};
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

std::string to_message(const ReadMessage& message) {
  return written(
      {{"invalid_values", number_of(message.invalid_values)},
       {"columns", json_list(message.columns, [](const core::BatchColumn& column) {
          return Json{{"name", column.name},         {"type", json_of(column.type)}, {"form", number_of(column.form)},
                      {"encoding", column.encoding}, {"provider", column.provider},  {"local_type", column.local_type}};
        })}});
}

ReadMessage read_message(std::string_view text) {
  return message(text, [](const Json& json) {
    ReadMessage read;
    read.invalid_values = word_at(json, "invalid_values", core::InvalidValues::null);
    read.columns = list_of<core::BatchColumn>(json.at("columns"), [](const Json& column) {
      return core::BatchColumn{.name = text_at(column, "name"),
                               .type = type_of(column.at("type")),
                               .form = word_at(column, "form", core::ValueForm::receive),
                               .encoding = text_at(column, "encoding"),
                               .provider = text_at(column, "provider"),
                               .local_type = text_at(column, "local_type")};
    });
    return read;
  });
}

std::string to_message(const CountsMessage& counts) {
  return written({{"invalid", counts.invalid}, {"substitutions", counts.substitutions}});
}

CountsMessage counts_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return CountsMessage{counts_of(json.at("invalid")),
                         list_of<std::vector<std::uint64_t>>(json.at("substitutions"), counts_of)};
  });
}

std::string to_message(const std::vector<core::RemoteWarning>& warnings) {
  return written(json_list(warnings, [](const core::RemoteWarning& warning) {
    return Json{{"code", warning.code}, {"message", warning.message}, {"count", warning.count}};
  }));
}

std::vector<core::RemoteWarning> warnings_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return list_of<core::RemoteWarning>(json, [](const Json& warning) {
      return core::RemoteWarning{integer_of<long>(warning.at("code")), text_at(warning, "message"),
                                 integer_of<std::uint64_t>(warning.at("count"))};
    });
  });
}

std::string to_message(std::int64_t number) {
  return written(number);
}

std::int64_t number_message(std::string_view text) {
  return message(text, [](const Json& json) { return integer_of<std::int64_t>(json); });
}

std::string to_message(const std::optional<std::string>& text) {
  return written(optional_json(text));
}

std::optional<std::string> text_message(std::string_view text) {
  return message(text, optional_text);
}

std::string to_message(const core::Error& error) {
  // The line with the number is put there by every Error.
  std::string detail = error.detail();
  detail.erase(detail.rfind('\n') == std::string::npos ? 0 : detail.rfind('\n'));
  return written({{"number", static_cast<int>(error.number())},
                  {"message", error.message()},
                  {"detail", detail},
                  {"hint", error.hint()},
                  {"permanent", error.permanent()},
                  {"denied_login", error.denied_login()}});
}

core::Error error_message(std::string_view text, const std::function<std::string(const std::string&)>& shown) {
  return message(text, [&shown](const Json& json) {
    const auto shown_at = [&](const char* key) { return shown(text_at(json, key)); };
    const auto number = integer_of<int>(json.at("number"));
    const auto known = core::error_numbers();
    const auto found = std::ranges::find(known, number, [](const auto& info) { return static_cast<int>(info.number); });
    core::Error error(found == known.end() ? core::ErrorNumber::unknown : found->number, shown_at("message"),
                      shown_at("detail"), shown_at("hint"), json.at("permanent").get<bool>());
    return json.at("denied_login").get<bool>() ? error.with_denied_login() : error;
  });
}

}  // namespace connector::reader
