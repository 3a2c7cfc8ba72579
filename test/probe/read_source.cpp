// Reads a source through the interface of the drivers alone, over one connection and as often as it is told to:
//   read_source STEP… < connector.json
// STEP is `all`, `first:N` or `from:VALUE`; the first column must be an integer, is asked for alone, and is the one
// that the order and the value are of. Prints a line for each step: the numbers, or why they can't be asked for.
// The step `parts` prints instead what "keep" asks for, as a line of JSON.
// Checksums of ranges: `sums:REQUEST` prints a list of [rows, sums] as a line of JSON, `why:REQUEST` why there are
// none, `form:REQUEST` what is hashed. REQUEST is JSON with the names `columns` (without them: all), the name `key`,
// `bounds` and `from`: only rows whose key is at least that. `hold` holds the state of the source; `pause:PATH` waits
// until somebody has opened the named pipe there for writing, and has closed it.
// `reader` before the steps: the provider runs in a process of its own, the program connector-reader beside this one.
// `divide:N` prints a list of the parts, if about N are wanted.
// `divided:REQUEST` has several connections read them: see divided_step.hpp.
// `scan:REQUEST` prints what a whole scan yields, with joins, groups and aggregates: see scan_step.hpp.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/net/wait.hpp"
#include "core/remote/provider.hpp"
#include "core/request/connector_reader.hpp"
#include "divided_step.hpp"
#include "json_values.hpp"
#include "pause.hpp"
#include "reader/provider.hpp"
#include "reader/providers.hpp"
#include "scan_step.hpp"

#ifdef WITH_ODBC
#include "drivers/odbc/provider.hpp"
#endif

namespace {

using namespace connector::core;
using connector::probe::json;
using connector::probe::json_array;

/// All providers, each the driver itself in this process, or `has_reader`: in a process of its own.
Registry own_providers(bool has_reader) {
  static std::list<connector::reader::ReaderProvider> readers;
  const auto all = connector::providers().all();
  std::vector<KnownProvider> providers(all.begin(), all.end());
  for (KnownProvider& known : providers) {
#ifdef WITH_ODBC
    if (known.id == "odbc") known.provider = &connector::odbc::provider();
#endif
    if (has_reader && known.provider != nullptr) known.provider = &readers.emplace_back(known.provider->info());
  }
  return Registry(std::move(providers));
}

SourceRequest source_request(const ConnectorSpec& spec) {
  SourceRequest request;
  request.schema = spec.schema.value_or("");
  request.table = spec.sql_query ? "" : spec.table.value_or("");
  request.query = spec.sql_query.value_or("");
  request.encoding = spec.encoding;
  request.invalid_become_null = spec.invalid_values == InvalidValues::null;
  request.parameters = spec.provider_parameters;
  request.parts = spec.keep;
  for (const ColumnChoice& choice : spec.columns) request.columns.push_back({choice.name, std::nullopt});
  return request;
}

std::optional<Scan> scan_of(Source& source, std::string_view step) {
  Scan scan{.columns = {0}};
  const std::string argument(step.substr(step.find(':') + 1));
  if (step.starts_with("first:")) {
    scan.limit = std::stoll(argument);
    if (source.orders_by(0)) scan.order_by = {{.column = 0, .nulls = Nulls::wherever}};
  } else if (step.starts_with("from:")) {
    scan.where = Expression::comparison(0, Operator::greater_or_equal, argument);
    if (source.support(*scan.where) == Support::none) return std::nullopt;
  }
  return scan;
}

std::vector<std::int64_t> read(Source& source, const Scan& scan) {
  const RemoteColumn& column = source.description().columns[0];
  RowBatch batch({{.name = column.name, .type = column.type, .form = column.form}}, InvalidValues::error, 2, 1024);
  std::vector<std::int64_t> numbers;
  const std::unique_ptr<RemoteCursor> cursor = source.open(scan);
  for (bool more = true; more; batch.clear()) {
    more = cursor->fetch(batch);
    for (const std::uint64_t value : batch.values(0)) numbers.push_back(static_cast<std::int64_t>(value));
  }
  return numbers;
}

std::size_t column_of(const SourceDescription& description, std::string_view name) {
  const auto found = std::ranges::find(description.columns, name, &RemoteColumn::name);
  if (found == description.columns.end()) throw Error(ErrorNumber::invalid_parameters, "no such column");
  return static_cast<std::size_t>(found - description.columns.begin());
}

RangeRequest range_request(const SourceDescription& description, std::string_view text) {
  RangeRequest request;
  bool all = true;
  std::optional<std::string> from;
  for (const auto& [name, value] : parse_json(text).members) {
    if (name == "columns") {
      all = false;
      for (const JsonValue& item : value.items) request.columns.push_back(column_of(description, item.text));
    } else if (name == "key") {
      request.key = column_of(description, value.text);
    } else if (name == "bounds") {
      for (const JsonValue& item : value.items) request.bounds.push_back(item.text);
    } else if (name == "from") {
      from = value.text;
    }
  }
  for (std::size_t i = 0; all && i < description.columns.size(); ++i) {
    if (description.columns[i].unsupported_reason.empty()) request.columns.push_back(i);
  }
  if (from) request.where = Expression::comparison(request.key, Operator::greater_or_equal, *from);
  return request;
}

JsonValue json(const RemoteIndex& index) {
  const auto column = [](const RemoteIndex::Column& one) {
    return json(one.name + (one.descending ? " desc" : "") + (one.nulls_reversed ? " reversed" : ""));
  };
  return json(std::vector<JsonMember>{{"name", json(index.name)},
                                      {"method", json(std::string(index_method_words.of(index.method)))},
                                      {"unique", json(index.unique)},
                                      {"nulls_equal", json(index.nulls_equal)},
                                      {"columns", json_array(index.columns, column)},
                                      {"included", json(index.included)},
                                      {"left_out", json(index.left_out_reason)}});
}

JsonValue json(const RemoteForeignKey& key) {
  constexpr const char* actions[] = {"no_action", "restricted", "cascade", "set_null", "set_default"};
  return json(std::vector<JsonMember>{{"name", json(key.name)},
                                      {"columns", json(key.columns)},
                                      {"schema", json(key.schema)},
                                      {"table", json(key.table)},
                                      {"referenced", json(key.referenced_columns)},
                                      {"on_delete", json(std::string(actions[static_cast<int>(key.on_delete)]))},
                                      {"on_update", json(std::string(actions[static_cast<int>(key.on_update)]))},
                                      {"match_full", json(key.match_full)},
                                      {"deferrable", json(key.deferrable)},
                                      {"deferred", json(key.initially_deferred)},
                                      {"left_out", json(key.left_out_reason)}});
}

std::string parts_text(const SourceDescription& description) {
  constexpr const char* kinds[] = {"constant", "current_time", "current_utc_time", "random_uuid", "other"};
  std::vector<JsonMember> defaults;
  for (const RemoteColumn& column : description.columns) {
    if (!column.default_value) continue;
    const std::string kind = kinds[static_cast<int>(column.default_value->kind)];
    defaults.push_back({column.name, json(std::vector<std::string>{kind, column.default_value->text})});
  }
  const auto convert = [](const auto& part) { return json(part); };
  return json_text(json(std::vector<JsonMember>{{"defaults", json(std::move(defaults))},
                                                {"indexes", json_array(description.indexes, convert)},
                                                {"foreign_keys", json_array(description.foreign_keys, convert)}}));
}

std::string sums_text(const std::vector<RangeSum>& sums) {
  return json_text(json_array(sums, [](const RangeSum& sum) {
    JsonValue pair = json(JsonValue::Type::array);
    pair.items = {json(JsonValue::Type::integer, std::to_string(sum.rows)), json(sum.sums)};
    return pair;
  }));
}

/// A step about checksums of ranges; false if it is none.
bool sum_step(Source& source, std::string_view step) {
  const std::string_view argument = step.substr(step.find(':') + 1);
  if (step == "hold") {
    source.hold_state();
    std::cout << "held\n";
  } else if (step.starts_with("pause:")) {
    connector::probe::pause(std::string(argument));
    std::cout << "paused\n";
  } else if (step.starts_with("why:")) {
    std::cout << source.why_no_sums(range_request(source.description(), argument)) << '\n';
  } else if (step.starts_with("form:")) {
    std::cout << source.sum_form(range_request(source.description(), argument)) << '\n';
  } else if (step.starts_with("sums:")) {
    const RangeRequest request = range_request(source.description(), argument);
    const std::string why = source.why_no_sums(request);
    std::cout << (why.empty() ? sums_text(source.sum_ranges(request)) : why) << '\n';
  } else {
    return false;
  }
  return true;
}

/// A step about parts of the rows; false if it is none.
bool divided_step(Connection& connection, Source& source, const ConnectorSpec& spec, std::string_view step,
                  const connector::core::Connect& connect) {
  const std::string_view argument = step.substr(step.find(':') + 1);
  if (step.starts_with("divide:")) {
    std::cout << json_text(json(source.divide(std::stoull(std::string(argument))))) << '\n';
  } else if (step.starts_with("divided:")) {
    std::cout << connector::probe::divided_text(connection, source, source_request(spec), parse_json(argument), connect,
                                                read)
              << '\n';
  } else {
    return false;
  }
  return true;
}

/// The connector with other keys in the place of those that tell its source.
ConnectorSpec spec_of_part(std::string_view connector, const JsonValue& keys, const Registry& registry) {
  JsonValue whole = json(std::vector<JsonMember>{});
  for (const JsonMember& given : parse_json(connector).members) {
    if (given.key == "provider" || given.key == "connection") whole.members.push_back(given);
  }
  whole.members.insert(whole.members.end(), keys.members.begin(), keys.members.end());
  whole.members.push_back({"import_as", json("part")});
  return parse_connector(json_text(whole), RequestKind::import, registry);
}

/// What a driver needs of this program's environment.
std::vector<std::string> reader_environment() {
  std::vector<std::string> environment;
  for (const char* name : {"ODBCSYSINI", "ODBCINI"}) {
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + '=' + value);
  }
  return environment;
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string connector_json{std::istreambuf_iterator<char>(std::cin), {}};
  const bool has_reader = count > 1 && std::string_view(arguments[1]) == "reader";
  const Registry registry = own_providers(has_reader);
  const ConnectorSpec spec = parse_connector(connector_json, RequestKind::import, registry);
  const Provider& provider = *registry.find(spec.provider);
  const ConnectionOptions options = with_defaults(provider.info(), spec.connection);
  const AddressRules rules("", true);
  PollWait wait;
  const ReaderRules reader{
      .program = std::filesystem::read_symlink("/proc/self/exe").replace_filename("connector-reader"),
      .environment = reader_environment()};
  const auto connect = [&](Wait& its_wait) {
    return provider.connect({.options = options,
                             .session = spec.session,
                             .address_rules = rules,
                             .wait = its_wait,
                             .trusted = true,
                             .reader = &reader});
  };
  const auto connection = connect(wait);
  const auto source = connection->describe(source_request(spec));
  for (int i = has_reader ? 2 : 1; i < count; ++i) {
    if (std::string_view(arguments[i]) == "parts") {
      std::cout << parts_text(source->description()) << '\n';
      continue;
    }
    if (sum_step(*source, arguments[i])) continue;
    if (divided_step(*connection, *source, spec, arguments[i], connect)) continue;
    if (const std::string_view step = arguments[i]; step.starts_with("scan:")) {
      const auto describe = [&](const JsonValue& keys) {
        return connection->describe(source_request(spec_of_part(connector_json, keys, registry)));
      };
      std::cout << connector::probe::scan_text(*connection, *source, parse_json(step.substr(5)), describe) << '\n';
      continue;
    }
    const std::optional<Scan> scan = scan_of(*source, arguments[i]);
    if (!scan) {
      std::cout << "no such condition\n";
      continue;
    }
    for (const std::int64_t number : read(*source, *scan)) std::cout << number << ' ';
    std::cout << '\n';
  }
} catch (const Error& error) {
  std::cerr << error.message() << '\n' << error.detail() << '\n';
  return 1;
}
