#include "core/request/connector_reader.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "core/request/column_choices.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/distribute_reader.hpp"
#include "core/base/encoding.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/letter_case.hpp"
#include "core/request/foreign_table_request.hpp"
#include "core/request/named_column.hpp"
#include "core/request/names.hpp"
#include "core/remote/registry.hpp"
#include "core/request/request_reader.hpp"
#include "core/base/utf8.hpp"
#include "core/request/common_parameters.hpp"

namespace connector::core {

namespace {

constexpr std::string_view wrapper_keys[] = {"connector", "interval"};

constexpr std::string_view subject = "invalid connector parameters";

template <typename Value, std::size_t count>
void read_choice(const ObjectReader& reader, std::string_view key, const Words<Value, count>& words, Value& target) {
  if (const auto index = reader.choice(key, words.all())) target = static_cast<Value>(*index);
}

constexpr std::string_view example_connection =
    R"("connection": {"server": "db.example.com", "database": "shop", "username": "ana", "password": "..."})";

/// It may hold a password: it is never shown, and no server of that name is looked for.
bool is_url(std::string_view text) {
  return text.find("://") != std::string_view::npos;
}

bool is_server_name(const JsonValue& connection) {
  return connection.type == JsonValue::Type::string && !is_blank(connection.text) && !is_url(connection.text);
}

/// `"id"` or `["a", "b"]`
std::vector<std::string> read_sync_key(const ObjectReader& reader, Problems& problems) {
  std::vector<std::string> names;
  const JsonValue* value = reader.value("key");
  if (value == nullptr) return names;
  if (value->type == JsonValue::Type::string) {
    if (!is_blank(value->text)) names.push_back(value->text);
    return names;
  }
  if (value->type != JsonValue::Type::array) {
    reader.wrong_type("key", *value, "a string or an array of strings");
    return names;
  }
  if (value->items.size() > max_listed_columns) {
    problems.add(reader.path("key"), too_many_columns("sync.key"));
    return names;
  }
  std::set<std::string_view> seen;
  for (const JsonValue& item : value->items) {
    if (item.type != JsonValue::Type::string || item.text.empty()) {
      problems.add(reader.path("key"), "Each element of key \"sync.key\" must be the name of a column.");
      return {};
    }
    if (!seen.insert(item.text).second) {
      problems.add(reader.path("key"), "Key \"sync.key\" names column " + core::quoted(item.text) + " twice.");
      return {};
    }
    names.push_back(item.text);
  }
  return names;
}

/// `["indexes", "defaults"]`
TableParts read_keep(const ObjectReader& reader, RequestKind kind, const ConnectorSpec& spec, Problems& problems) {
  TableParts keep;
  const JsonValue* value = reader.value("keep");
  if (value == nullptr) return keep;
  if (value->type != JsonValue::Type::array) {
    reader.wrong_type("keep", *value, "an array of " + alternatives(table_part_words.all()));
    return keep;
  }
  for (const JsonValue& item : value->items) {
    const auto part =
        item.type == JsonValue::Type::string ? table_part_words.find(item.text) : std::optional<TablePart>();
    if (!part) {
      problems.add("keep", "Each element of key \"keep\" must be " + alternatives(table_part_words.all()) + '.');
      return {};
    }
    keep.indexes = keep.indexes || part == TablePart::indexes;
    keep.defaults = keep.defaults || part == TablePart::defaults;
    keep.foreign_keys = keep.foreign_keys || part == TablePart::foreign_keys;
  }
  if (keep.any() && spec.sql_query) {
    problems.add("keep", "Key \"keep\" is for a \"table\": the result of \"sql_query\" has none of these.");
  }
  if (keep.foreign_keys && (kind == RequestKind::sync || kind == RequestKind::sync_tables)) {
    problems.add("keep",
                 "Key \"keep\" of a sync can't have \"foreign_keys\": tables that are refreshed at different moments "
                 "would break them.");
  }
  return keep;
}

/// Keys that are about one table have no place where many are meant.
void refuse_keys_of_one_table(const ObjectReader& reader, Problems& problems) {
  for (const char* key : {"table", "sql_query", "import_as", "columns"}) {
    if (reader.value(key) == nullptr) continue;
    problems.add(key, std::string("Key \"") + key + "\" is about one table.");
    problems.advise(
        "The second argument of cdb_import_tables() says which tables: names, or patterns with * and ?. A query, or "
        "chosen columns, are imported by cdb_import_connector().");
  }
}

/// Whatever the source has, only columns that are chosen arrive.
void check_chosen(const ConnectorSpec& spec, Problems& problems) {
  if (spec.columns.empty()) return;
  std::vector<std::string> names;
  for (const ColumnChoice& choice : spec.columns) names.push_back(choice.name);
  std::set<std::string> known;
  for (const std::string& name : names) known.insert(lower_case(name));
  if (spec.column_names == ColumnNames::normalize) {
    for (const std::string& name : normalize_column_names(names)) known.insert(lower_case(name));
  }
  const auto check = [&](const char* key, const std::string& name) {
    if (known.contains(lower_case(name)) || problems.has(key)) return;
    problems.add(key, "Column " + core::quoted(name) + " of key \"" + key + "\" is not among those of \"columns\"." +
                          nearest_column(name, names));
  };
  if (spec.distribute && !spec.distribute->column.empty()) check("distribute.column", spec.distribute->column);
  if (!spec.sync) return;
  for (const std::string& name : spec.sync->key) check("sync.key", name);
  if (spec.sync->cursor) check("sync.cursor", *spec.sync->cursor);
}

/// Column cartodb_id is the primary key then, and Citus wants the distribution column in it.
void check_default_columns(const ConnectorSpec& spec, Problems& problems) {
  if (!spec.default_columns || !spec.distribute || spec.distribute->reference) return;
  problems.add(
      "distribute",
      "Key \"distribute\" can't name a column beside \"default_columns\": the primary key would be cartodb_id, and "
      "that of a distributed table has the distribution column.");
}

std::optional<schedule::ClockTime> read_clock_time(const ObjectReader& reader, Problems& problems) {
  const auto text = reader.string("at");
  if (!text) return std::nullopt;
  auto time = schedule::parse_clock_time(*text);
  if (!time) {
    problems.add(reader.path("at"),
                 "Key \"sync.at\" must be a time of the day, with a time zone or without: \"02:00\", \"02:00:30 "
                 "Europe/Berlin\".");
  }
  return time;
}

SyncOptions read_sync(const JsonValue& object, Problems& problems) {
  SyncOptions sync;
  const ObjectReader reader(object, "sync.", problems);
  read_choice(reader, "mode", sync_mode_words, sync.mode);
  sync.key = read_sync_key(reader, problems);
  sync.cursor = reader.string("cursor");
  read_choice(reader, "on_schema_change", on_schema_change_words, sync.on_schema_change);
  sync.skip_unchanged = reader.boolean("skip_unchanged").value_or(false);
  read_choice(reader, "compare", compare_words, sync.compare);
  sync.at = read_clock_time(reader, problems);
  sync.on_success = reader.string("on_success");
  sync.on_failure = reader.string("on_failure");
  std::vector<std::string_view> known;
  for (const ParameterInfo& parameter : sync_parameters()) known.push_back(parameter.name);
  reader.report_unknown(known, {}, "");
  if (sync.mode == SyncMode::append && !sync.cursor && !problems.has("sync.cursor")) {
    problems.add("sync.cursor", "Missing key \"sync.cursor\": mode \"append\" needs the column that tells new rows.");
  }
  if (sync.mode != SyncMode::append && sync.cursor && !problems.has("sync.mode")) {
    problems.add("sync.cursor", "Key \"sync.cursor\" is for mode \"append\" only.");
  }
  if (sync.mode != SyncMode::merge && sync.compare == Compare::ranges && !problems.has("sync.mode")) {
    problems.add("sync.compare", "Key \"sync.compare\": \"ranges\" is for mode \"merge\" only.");
  }
  return sync;
}

/// The keys that only this provider takes.
void read_provider_parameters(const ObjectReader& reader, const ProviderInfo& info, ConnectorSpec& spec,
                              Problems& problems) {
  for (const ParameterInfo& parameter : info.parameters) {
    const std::string name(parameter.name);
    const JsonValue* value = reader.value(name);
    if (value == nullptr || (value->type == JsonValue::Type::string && is_blank(value->text))) {
      if (parameter.required) problems.add(name, "Missing key \"" + name + "\".");
      continue;
    }
    const bool fits = value->type == JsonValue::Type::string ||
                      (parameter.integer && value->type == JsonValue::Type::integer) ||
                      (!parameter.allowed_values.empty() && value->type == JsonValue::Type::boolean);
    if (!fits) {
      reader.wrong_type(name, *value, parameter.integer ? "an integer" : "a string");
      continue;
    }
    check_parameter_value(parameter, name, value->text, problems);
    spec.provider_parameters.emplace(name, value->text);
  }
}

/// The id of the provider: what the request says, else what its foreign server says; nothing (reported) if neither
/// does.
std::optional<std::string> provider_id(const ObjectReader& reader, const ServerProvider& server_provider,
                                       Problems& problems) {
  auto id = reader.string("provider");
  if (id || problems.has("provider")) return id;
  const JsonValue* connection = reader.value("connection");
  const bool names_server = connection != nullptr && is_server_name(*connection);
  if (names_server && server_provider) id = server_provider(connection->text);
  if (id) return id;
  std::string what =
      reader.value("provider") == nullptr ? "Missing key \"provider\"." : "Key \"provider\" must not be blank.";
  if (names_server) what += " The foreign server has no option \"provider\".";
  problems.add("provider", what);
  return id;
}

/// The provider's description, or null (reported) if the key is missing or names none. Throws Error
/// (connectors_disabled) for one that was not built in.
const ProviderInfo* read_provider(const ObjectReader& reader, const Registry& registry,
                                  const ServerProvider& server_provider, ConnectorSpec& spec, Problems& problems) {
  const auto id = provider_id(reader, server_provider, problems);
  if (!id) return nullptr;
  spec.provider = *id;
  return read_provider_info(*id, registry, problems);
}

void read_source(const ObjectReader& reader, RequestKind kind, ConnectorSpec& spec, Problems& problems) {
  spec.table = reader.string("table");
  spec.sql_query = query_text(reader.string("sql_query"));
  spec.import_as = reader.string("import_as");
  spec.schema = reader.string("schema");
  spec.target_schema = reader.string("target_schema");
  if (kind == RequestKind::import_tables || kind == RequestKind::sync_tables) {
    refuse_keys_of_one_table(reader, problems);
    return;
  }
  if (kind == RequestKind::check || kind == RequestKind::list_tables) return;
  if (!spec.table && !spec.sql_query && !problems.has("table") && !problems.has("sql_query")) {
    problems.add("table", "Missing key \"table\": either \"table\" or \"sql_query\" must say what to read.");
  }
  if (spec.sql_query && !spec.table && !spec.import_as && !problems.has("table") && !problems.has("import_as")) {
    problems.add("import_as", "Missing key \"import_as\": the result of \"sql_query\" needs a name.");
  }
}

void read_encoding(const ObjectReader& reader, ConnectorSpec& spec, Problems& problems) {
  const auto name = reader.string("encoding");
  if (!name) return;
  check_parameter_value(*find_parameter(common_parameters(), "encoding"), "encoding", *name, problems);
  spec.encoding = canonical_encoding(*name);
}

/// An interval stands beside the connector object, not in it.
void advise_about_interval(const ObjectReader& reader, RequestKind kind, Problems& problems) {
  if (reader.value("interval") == nullptr) return;
  const bool is_for_tables = kind == RequestKind::import_tables || kind == RequestKind::sync_tables;
  if (kind == RequestKind::sync || is_for_tables) {
    problems.advise(
        "\"interval\" stands beside \"connector\", as in {\"connector\": {...}, \"interval\": 900}, or is the " +
        std::string(is_for_tables ? "third argument of cdb_import_tables()."
                                  : "second argument of cdb_sync_connector()."));
  } else {
    problems.advise(
        "Only a sync has an interval: call cdb_sync_connector(), with the interval as its second argument.");
  }
}

/// The name of a sync is no part of its request.
void advise_about_name(const ObjectReader& reader, RequestKind kind, Problems& problems) {
  if (reader.value("name") == nullptr) return;
  problems.advise(
      kind == RequestKind::sync
          ? "A sync gets its name by the third argument: cdb_sync_connector(…, name => 'orders'). The local "
            "table gets its name by \"import_as\"."
          : "The local table gets its name by \"import_as\".");
}

void report_unknown_keys(const ObjectReader& reader, const ProviderInfo* info, const Registry& registry) {
  std::vector<std::string_view> known;
  std::vector<std::string_view> elsewhere;
  for (const ParameterInfo& parameter : common_parameters()) known.push_back(parameter.name);
  const auto add = [&](const ProviderInfo& provider) {
    for (const ParameterInfo& parameter : provider.parameters) known.push_back(parameter.name);
    for (const ParameterInfo& parameter : provider.connection_parameters) elsewhere.push_back(parameter.name);
  };
  if (info != nullptr) {
    add(*info);
  } else {
    // Which provider was meant is not known: let pass what any of them takes.
    for (const KnownProvider& provider : registry.all()) {
      if (provider.provider != nullptr) add(provider.provider->info());
    }
  }
  reader.report_unknown(known, elsewhere, "in \"connection\"");
}

void read_connector(const JsonValue& object, RequestKind kind, const Registry& registry,
                    const ServerProvider& server_provider, ConnectorSpec& spec, Problems& problems) {
  const ObjectReader reader(object, "", problems);
  const ProviderInfo* info = read_provider(reader, registry, server_provider, spec, problems);
  const JsonValue* connection = reader.value("connection");
  if (connection == nullptr) {
    problems.add("connection", "Missing key \"connection\".");
  } else if (connection->type == JsonValue::Type::string) {
    if (is_blank(connection->text)) problems.add("connection", "Key \"connection\" must not be blank.");
    if (is_url(connection->text)) {
      problems.add("connection",
                   "Key \"connection\" must be an object of parameters or the name of a foreign server, not a URL.");
      problems.advise("Give the parts of the URL one by one, as in " + std::string(example_connection) +
                      ", or the name of a foreign server.");
    }
    spec.foreign_server = connection->text;
  } else if (connection->type != JsonValue::Type::object) {
    reader.wrong_type("connection", *connection, "an object or the name of a foreign server");
  } else if (kind == RequestKind::foreign_table) {
    refuse_connection_object(*connection, info, problems);
  } else if (info != nullptr) {
    read_connection(*connection, *info, spec, problems);
  }
  read_source(reader, kind, spec, problems);
  read_encoding(reader, spec, problems);
  spec.columns = read_columns(reader, problems);
  spec.max_rows = reader.integer("max_rows", 0, std::numeric_limits<std::int64_t>::max());
  spec.readers = reader.integer("readers", 1, std::numeric_limits<std::int64_t>::max()).value_or(1);
  spec.keep = read_keep(reader, kind, spec, problems);
  // A call for many tables can be repeated: what is there already stays.
  if (kind == RequestKind::import_tables || kind == RequestKind::sync_tables) {
    spec.collision_strategy = CollisionStrategy::skip;
  }
  read_choice(reader, "collision_strategy", collision_strategy_words, spec.collision_strategy);
  read_choice(reader, "column_names", column_names_words, spec.column_names);
  spec.default_columns = reader.boolean("default_columns").value_or(false);
  spec.distribute = read_distribution(reader, problems);
  read_choice(reader, "invalid_values", invalid_values_words, spec.invalid_values);
  if (kind == RequestKind::foreign_table) {
    refuse_keys_of_imports(reader, problems);
  } else if (const JsonValue* sync = reader.value("sync"); sync != nullptr) {
    if (sync->type != JsonValue::Type::object) {
      reader.wrong_type("sync", *sync, "an object");
    } else if (kind == RequestKind::import_tables) {
      problems.add("sync", "Key \"sync\" needs an interval: without one the tables are imported once.");
    } else if (kind != RequestKind::sync && kind != RequestKind::sync_tables && kind != RequestKind::dry_run) {
      problems.add("sync", "Key \"sync\" is for cdb_sync_connector() only.");
    } else {
      spec.sync = read_sync(*sync, problems);
    }
  }
  check_chosen(spec, problems);
  check_default_columns(spec, problems);
  if (info != nullptr) read_provider_parameters(reader, *info, spec, problems);
  report_unknown_keys(reader, info, registry);
  advise_about_interval(reader, kind, problems);
  advise_about_name(reader, kind, problems);
}

std::optional<std::string> read_interval(const ObjectReader& reader, Problems& problems) {
  const JsonValue* value = reader.value("interval");
  if (value == nullptr) return std::nullopt;
  switch (value->type) {
    case JsonValue::Type::string:
      if (is_blank(value->text)) return std::nullopt;
      return value->text;
    case JsonValue::Type::integer:
      if (value->text.starts_with('-') || value->text == "0") {
        problems.add("interval", "Key \"interval\" must be positive.");
      }
      return value->text;
    default:
      reader.wrong_type("interval", *value, "a whole number of seconds or the text of an interval");
      return std::nullopt;
  }
}

/// The connector object of the wrapped form, or null (reported) if there is none.
const JsonValue* read_wrapper(const ObjectReader& reader, ConnectorSpec& spec, Problems& problems) {
  spec.interval = read_interval(reader, problems);
  std::vector<std::string_view> inside;
  for (const ParameterInfo& parameter : common_parameters()) inside.push_back(parameter.name);
  reader.report_unknown(wrapper_keys, inside, "inside \"connector\"");
  const JsonValue* connector = reader.value("connector");
  if (connector != nullptr && connector->type == JsonValue::Type::object) return connector;
  if (connector == nullptr) {
    problems.add("connector", "Key \"connector\" must be an object.");
  } else {
    reader.wrong_type("connector", *connector, "an object");
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> query_text(std::optional<std::string> query) {
  if (!query) return query;
  const auto last = query->find_last_not_of(" \t\r\n\f\v");
  if (last != std::string::npos && (*query)[last] == ';') query->resize(last);
  if (is_blank(*query)) query.reset();
  return query;
}

ConnectorSpec parse_connector(std::string_view json, RequestKind kind, const Registry& registry,
                              const ServerProvider& server_provider) {
  const JsonValue root = parse_json(json);
  if (root.type != JsonValue::Type::object) {
    throw Error(ErrorNumber::invalid_parameters, "connector parameters must be a JSON object",
                "The JSON is " + std::string(json_type_name(root.type)) + '.',
                "Give an object, as in {\"provider\": \"postgres\", " + std::string(example_connection) +
                    ", \"table\": \"orders\"}.");
  }
  ConnectorSpec spec;
  Problems problems;
  bool wrapped = false;
  for (const JsonMember& member : root.members) wrapped = wrapped || lower_ascii(member.key) == "connector";
  if (wrapped) {
    const ObjectReader reader(root, "", problems);
    advise_about_name(reader, kind, problems);
    if (const JsonValue* connector = read_wrapper(reader, spec, problems)) {
      if (kind == RequestKind::import_tables && spec.interval) kind = RequestKind::sync_tables;
      read_connector(*connector, kind, registry, server_provider, spec, problems);
    }
    if (kind == RequestKind::foreign_table && spec.interval) {
      problems.add("interval", "Key \"interval\" is for a sync: a foreign table always shows the rows of the moment.");
    }
  } else {
    read_connector(root, kind, registry, server_provider, spec, problems);
  }
  const std::string hint = registry.find(spec.provider) != nullptr
                               ? "cdb_connector_info('" + spec.provider + "') lists the parameters."
                               : "cdb_connectors() lists the providers, cdb_connector_info() their parameters.";
  problems.throw_if_any(subject, hint);
  return spec;
}

}  // namespace connector::core
