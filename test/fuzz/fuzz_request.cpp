// Requests of any text: whatever comes in, nothing but core::Error comes out, and no secret.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "../unit/fake_provider.hpp"
#include "core/request/connector_spec.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/request/shown_statement.hpp"
#include "core/base/utf8.hpp"
#include "core/request/masked_connector.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/connection_reader.hpp"

namespace {

using namespace connector::core;

/// Stands for the password. The fuzzer may put it anywhere; where it is a key or a shown value it may be seen.
constexpr std::string_view secret = "S3cr3t~Passw0rd";

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// The connector object of a request in either form.
const JsonValue* connector_of(const JsonValue& root) {
  for (const JsonMember& member : root.members) {
    if (lower_ascii(member.key) == "connector" && member.value.type == JsonValue::Type::object) return &member.value;
  }
  return &root;
}

void check_request(std::string_view json) {
  const Registry& registry = testing::fake_registry();
  for (const RequestKind kind : {RequestKind::import, RequestKind::sync, RequestKind::check}) {
    try {
      const ConnectorSpec spec = parse_connector(json, kind, registry);
      require(registry.find(spec.provider) != nullptr, "an accepted request has a provider of this build");
      if (!spec.foreign_server) check_connection(spec, registry);
      if (kind != RequestKind::check) require(!spec.local_name_source().empty(), "an import has a local name");
      require(kind == RequestKind::sync || !spec.sync, "only a sync has sync options");
    } catch (const Error& error) {
      require(error.number() == ErrorNumber::invalid_parameters || error.number() == ErrorNumber::connectors_disabled,
              "a request fails with 1502 or 1501");
    }
  }
  JsonValue root;
  try {
    root = parse_json(json);
    require(json_text(root).size() <= json.size(), "JSON text is no longer than what it was read from");
    const MaskedConnector masked = mask_connector(json, registry);
    require(mask_connector(masked.text, registry).text == masked.text, "masking a masked request changes nothing");
    require(!masked.secrets || masked.secrets->size() <= max_secret_bytes, "secrets fit a page");
    require(masked.secrets || masked.text == json_text(*connector_of(root)), "without secrets nothing is masked");
    require(whole_connector({masked.text, masked.secrets, false}) == json_text(*connector_of(root)),
            "a stored request is put together again as it was");
    for (const std::string& text : masked.secret_texts) require(!text.empty(), "no secret text is empty");
  } catch (const Error& error) {
    require(error.number() == ErrorNumber::invalid_parameters, "what can't be masked is invalid");
  }
}

/// A valid request with the fuzzer's members around a known password: it must not be shown.
void check_secret(std::string_view members) {
  if (members.find(secret.substr(0, 4)) != std::string_view::npos) return;
  const std::string json = R"({"provider": "mysql", "connection": {"server": "d", "username": "u", "password": ")" +
                           std::string(secret) + "\"" + std::string(members) + "}";
  const Registry& registry = testing::fake_registry();
  try {
    const MaskedConnector masked = mask_connector(json, registry);
    require(masked.text.find(secret) == std::string::npos, "a masked request shows no password");
    const auto& secrets = masked.secret_texts;
    require(std::find(secrets.begin(), secrets.end(), secret) != secrets.end(), "the password is among the secrets");
    const BroughtRequest brought{json, masked.text, secrets};
    const std::string statement = "SELECT cdb_import_connector($j$" + json + "$j$)" + std::string(members);
    require(shown_statement(statement, std::span(&brought, 1)).find(secret) == std::string::npos,
            "a shown statement has no password");
  } catch (const Error& error) {
    require((error.message() + error.detail() + error.hint()).find(secret) == std::string::npos,
            "an error shows no password");
  }
  try {
    parse_connector(json, RequestKind::sync, registry);
  } catch (const Error& error) {
    require((error.message() + error.detail() + error.hint()).find(secret) == std::string::npos,
            "an error shows no password");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_request(text);
  check_secret(text);
  return 0;
}
