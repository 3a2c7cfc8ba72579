// Requests of any text: whatever comes in, nothing but core::Error comes out, and no secret.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../unit/fake_provider.hpp"
#include "core/connector_spec.hpp"
#include "core/error.hpp"
#include "core/json.hpp"

namespace {

using namespace connector::core;

/// Stands for the password. The fuzzer may put it anywhere; where it is a key or a shown value it may be seen.
constexpr std::string_view secret = "S3cr3t~Passw0rd";

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
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
  const auto secrets = secret_texts(json, registry);
  for (const std::string& text : secrets) require(!text.empty(), "no secret text is empty");
  try {
    const std::string masked = masked_connector(json, registry);
    require(masked_connector(masked, registry) == masked, "masking a masked request changes nothing");
  } catch (const Error&) {
  }
}

/// A valid request with the fuzzer's members around a known password: it must not be shown.
void check_secret(std::string_view members) {
  if (members.find(secret.substr(0, 4)) != std::string_view::npos) return;
  const std::string json = R"({"provider": "mysql", "connection": {"server": "d", "username": "u", "password": ")" +
                           std::string(secret) + "\"" + std::string(members) + "}";
  const Registry& registry = testing::fake_registry();
  try {
    require(masked_connector(json, registry).find(secret) == std::string::npos, "a masked request shows no password");
    const auto secrets = secret_texts(json, registry);
    require(std::find(secrets.begin(), secrets.end(), secret) != secrets.end(), "the password is among the secrets");
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
