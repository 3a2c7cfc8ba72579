#include "reader/messages.hpp"

#include <algorithm>

#include "reader/message_json.hpp"
#include "reader/value_check.hpp"

namespace connector::reader {

namespace {

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

Json json_of(const core::SourceRequest& request) {
  return {
      {"schema", request.schema},
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
      {"invalid_become_null", request.invalid_become_null}};
}

core::SourceRequest request_of(const Json& json) {
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
}

core::SourceDescription description_of(const Json& json) {
  core::SourceDescription description;
  description.columns = list_of<core::RemoteColumn>(json.at("columns"), column_of);
  description.primary_key = list_of<std::string>(json.at("primary_key"), text_of);
  description.estimated_rows = optional_number(json.at("estimated_rows"));
  description.comment = text_at(json, "comment");
  return description;
}

}  // namespace

std::string to_message(const ConnectMessage& connect) {
  return written({{"options", connect.options},
                  {"session", connect.session},
                  {"allowed_hosts", connect.allowed_hosts},
                  {"any_address", connect.any_address},
                  {"local_addresses", connect.local_addresses},
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
    connect.allowed_hosts = text_at(json, "allowed_hosts");
    connect.any_address = json.at("any_address").get<bool>();
    connect.local_addresses = json.at("local_addresses").get<bool>();
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
  return written(json_of(request));
}

core::SourceRequest source_request_message(std::string_view text) {
  return message(text, request_of);
}

std::string to_message(const DivideMessage& message) {
  return written({{"source", message.source}, {"wanted", message.wanted}});
}

DivideMessage divide_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return DivideMessage{integer_of<std::uint64_t>(json.at("source")), integer_of<std::size_t>(json.at("wanted"))};
  });
}

std::string to_message(const std::vector<std::string>& parts) {
  return written(parts);
}

std::vector<std::string> division_message(std::string_view text) {
  return message(text, [](const Json& json) {
    std::vector<std::string> parts = list_of<std::string>(json, text_of);
    if (!is_division(parts)) throw broken_reader("a source is divided as it can't be");
    return parts;
  });
}

std::string to_message(const OfferMessage& message) {
  return written({{"of", json_of(message.of)}, {"way", message.way}});
}

OfferMessage offer_message(std::string_view text) {
  return message(text, [](const Json& json) {
    return OfferMessage{request_of(json.at("of")), integer_of<int>(json.at("way"))};
  });
}

std::string to_message(const core::StateOffer& offer) {
  return written({{"token", offer.token}, {"why_not", offer.why_not}, {"holds_up_writers", offer.holds_up_writers}});
}

core::StateOffer state_offer_message(std::string_view text) {
  return message(text, [](const Json& json) {
    core::StateOffer offer{.token = text_at(json, "token"),
                           .why_not = text_at(json, "why_not"),
                           .holds_up_writers = json.at("holds_up_writers").get<bool>()};
    if (!is_state_text(offer.token) || !is_state_text(offer.why_not)) throw broken_reader("an offer is too long");
    return offer;
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

std::string to_message(const std::optional<core::RemoteColumn>& column) {
  return written(column ? json_of(*column) : Json(nullptr));
}

std::optional<core::RemoteColumn> column_message(std::string_view text) {
  return message(text, [](const Json& json) -> std::optional<core::RemoteColumn> {
    if (json.is_null()) return std::nullopt;
    core::RemoteColumn column = column_of(json);
    if (!column.unsupported_reason.empty()) throw broken_reader("an aggregate has values that can't be read");
    return column;
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
    return CountsMessage{numbers_of(json.at("invalid")),
                         list_of<std::vector<std::uint64_t>>(json.at("substitutions"), numbers_of)};
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
                  {"denied_login", error.denied_login()},
                  {"parameter", error.parameter()}});
}

core::Error error_message(std::string_view text, const std::function<std::string(const std::string&)>& shown) {
  return message(text, [&shown](const Json& json) {
    const auto shown_at = [&](const char* key) { return shown(text_at(json, key)); };
    const auto number = integer_of<int>(json.at("number"));
    const auto known = core::error_numbers();
    const auto found = std::ranges::find(known, number, [](const auto& info) { return static_cast<int>(info.number); });
    core::Error error(found == known.end() ? core::ErrorNumber::unknown : found->number, shown_at("message"),
                      shown_at("detail"), shown_at("hint"), json.at("permanent").get<bool>());
    error = error.with_parameter(shown_at("parameter"));
    return json.at("denied_login").get<bool>() ? error.with_denied_login() : error;
  });
}

}  // namespace connector::reader
