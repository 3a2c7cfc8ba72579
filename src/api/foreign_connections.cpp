// cdb_foreign_connections(), cdb_foreign_disconnect(): the connections that foreign tables keep in this session.
#include "pg/postgres.hpp"

#include <optional>

#include "api/json.hpp"
#include "core/base/error.hpp"
#include "fdw/connect/connections.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"

extern "C" {
#include "foreign/foreign.h"
#include "utils/timestamp.h"
}

using connector::api::Json;

CONNECTOR_FUNCTION(connector_foreign_connections) {
  Json rows = Json::array();
  for (const connector::fdw::ConnectionState& state : connector::fdw::connection_states()) {
    const char* since = connector::pg::guard([&] { return timestamptz_to_str(state.since); });
    rows.push_back({{"server", connector::pg::utf8_text(state.server)},
                    {"role", connector::pg::utf8_text(state.role)},
                    {"provider", state.provider},
                    {"in_use", state.is_used},
                    {"in_transaction", state.in_transaction},
                    {"since", since}});
  }
  return connector::api::json_datum(rows);
}

CONNECTOR_FUNCTION(connector_foreign_disconnect) {
  std::optional<Oid> server;
  if (!PG_ARGISNULL(0)) {
    const std::string name = connector::pg::exact_server_text(connector::pg::datum_text(PG_GETARG_DATUM(0)));
    server = connector::pg::guard([&] { return get_foreign_server_oid(name.c_str(), false); });
  }
  const connector::fdw::Closed count = connector::fdw::close_connections(server);
  if (count.left > 0) {
    connector::pg::notice(
        std::to_string(count.left) + " connections are still in use", {},
        "A scan, or the snapshot of this transaction, needs them; they can be closed when that ends.");
  }
  return Int64GetDatum(count.closed);
}
