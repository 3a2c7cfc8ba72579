// Reading the connector JSON.
#pragma once

#include <string_view>

#include "core/request/connector_spec.hpp"

namespace connector::core {

class Registry;

/// What is asked for decides which keys must be there: a check or a list of tables needs no table.
enum class RequestKind { import, sync, dry_run, check, list_tables };

/// Reads and checks a request. All offending keys are named in one Error (1502), with the nearest known key
/// for each unknown one; malformed JSON and an unknown provider are 1502 too. Accepts the bare connector object and
/// the wrapped form `{"connector": {…}, "interval": 900}`. JSON null, and a blank text for a key that is not required,
/// count as absent; only an empty password stays what it is.
ConnectorSpec parse_connector(std::string_view json, RequestKind kind, const Registry& registry);

}  // namespace connector::core
