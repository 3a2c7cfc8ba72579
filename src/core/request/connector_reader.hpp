// Reading the connector JSON.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/request/connector_spec.hpp"

namespace connector::core {

class Registry;

/// What is asked for decides which keys must be there: a check or a list of tables needs no table, and where many
/// tables are imported or synced at once no key may be about one of them. An interval in the wrapped form makes
/// import_tables sync_tables. A foreign table takes the name of a foreign server, and no keys about how rows are
/// loaded.
enum class RequestKind { import, sync, dry_run, check, list_tables, import_tables, sync_tables, foreign_table };

/// The provider that a foreign server is for; nothing if it does not say. Throws if there is no such server.
using ServerProvider = std::function<std::optional<std::string>(std::string_view server)>;

/// The query without one semicolon at its end, spaces aside, which is no part of it; all else is sent as it is. Nothing
/// if there is nothing else.
std::optional<std::string> query_text(std::optional<std::string> query);

/// Reads and checks a request. All offending keys are named in one Error (1502), with the nearest known key
/// for each unknown one; malformed JSON and an unknown provider are 1502 too. Accepts the bare connector object and
/// the wrapped form `{"connector": {…}, "interval": 900}`. JSON null, and a blank text for a key that is not required,
/// count as absent; only an empty password stays what it is. `server_provider` is asked where a foreign server is named
/// and no provider.
ConnectorSpec parse_connector(std::string_view json, RequestKind kind, const Registry& registry,
                              const ServerProvider& server_provider = {});

}  // namespace connector::core
