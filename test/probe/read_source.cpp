// Reads a source through the interface of the drivers alone, over one connection and as often as it is told to:
//   read_source STEP… < connector.json
// STEP is `all`, `first:N` or `from:VALUE`; the first column must be an integer, is asked for alone, and is the one
// that the order and the value are of. Prints a line for each step: the numbers, or why they can't be asked for.
#include <cstdint>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/net/wait.hpp"
#include "core/remote/provider.hpp"
#include "core/request/connector_reader.hpp"
#include "drivers/providers.hpp"

namespace {

using namespace connector::core;

SourceRequest source_request(const ConnectorSpec& spec) {
  SourceRequest request;
  request.schema = spec.schema.value_or("");
  request.table = spec.sql_query ? "" : spec.table.value_or("");
  request.query = spec.sql_query.value_or("");
  request.parameters = spec.provider_parameters;
  return request;
}

std::optional<Scan> scan_of(Source& source, std::string_view step) {
  Scan scan{.columns = {0}};
  const std::string argument(step.substr(step.find(':') + 1));
  if (step.starts_with("first:")) {
    scan.limit = std::stoll(argument);
    if (source.orders_by(0)) scan.order_by = 0;
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

}  // namespace

int main(int count, char** arguments) try {
  const std::string json{std::istreambuf_iterator<char>(std::cin), {}};
  const Registry& registry = connector::providers();
  const ConnectorSpec spec = parse_connector(json, RequestKind::import, registry);
  const Provider& provider = *registry.find(spec.provider);
  const ConnectionOptions options = with_defaults(provider.info(), spec.connection);
  const AddressRules rules("", true);
  PollWait wait;
  const auto connection = provider.connect(
      {.options = options, .session = spec.session, .address_rules = rules, .wait = wait, .trusted = true});
  const auto source = connection->describe(source_request(spec));
  for (int i = 1; i < count; ++i) {
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
