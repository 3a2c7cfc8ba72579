#include "http/routes/keys.hpp"

#include "core/base/utf8.hpp"
#include "http/routes/key_request.hpp"
#include "http/keys/sealed_key.hpp"
#include "http/routes/path_id.hpp"
#include "http/routes/services.hpp"

namespace connector::http {

namespace {

/// No row if the key would have expired already.
constexpr const char* add_statement =
    "WITH k AS (SELECT coalesce($5::pg_catalog.timestamptz, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) "
    "pg_catalog.make_interval(secs => $6::pg_catalog.float8)) AS expires_at) "
    "SELECT connector.add_api_key($1::pg_catalog.uuid, $2::pg_catalog.text, $3::pg_catalog.bytea, "
    "$4::pg_catalog.bytea, k.expires_at), pg_catalog.to_char(pg_catalog.timezone('UTC', k.expires_at), "
    "'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"') FROM k "
    "WHERE k.expires_at IS NULL OR k.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()";

// In UTC, as all times of the API are, whatever the time zone of the role.
constexpr const char* list_statement =
    "SELECT pg_catalog.json_build_object('keys', coalesce(pg_catalog.json_agg(pg_catalog.json_build_object("
    "'id', k.id, 'role_name', k.role_name, 'label', k.label, "
    "'created_at', pg_catalog.to_char(pg_catalog.timezone('UTC', k.created_at), f.form), "
    "'expires_at', pg_catalog.to_char(pg_catalog.timezone('UTC', k.expires_at), f.form), "
    "'last_used_at', pg_catalog.to_char(pg_catalog.timezone('UTC', k.last_used_at), f.form)) "
    "ORDER BY k.created_at DESC, k.id), '[]'), 'total_entries', pg_catalog.count(*)) "
    "FROM @extschema@.cdb_api_keys() k CROSS JOIN (VALUES ('YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')) f (form)";

/// As PostgreSQL reads bytes from a text.
std::string bytea_text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 0x0fU];
  }
  return text;
}

Task<Reply> add(Call& call) {
  if (!call.identity.key_id.empty()) {
    Json body;
    body["errors"] = "an issued key can't issue another one";
    body["hint"] = "Ask with the password of the role.";
    co_return json_reply(body, 403);
  }
  const KeyRequest wanted = read_key_request(call.request);
  co_await call.services.keys.can_be_read(call.deadline);
  const IssuedKey key = new_issued_key();
  const Rows rows =
      co_await call.query(add_statement, uuid_text(key.id), wanted.label, bytea_text(secret_hash(key)),
                          bytea_text(sealed_password(key, call.identity.password)), wanted.end, wanted.lifetime);
  if (rows.empty()) co_return error_reply(400, "the time in \"expires\" has passed");
  Json body;
  body["id"] = uuid_text(key.id);
  body["api_key"] = key_text(key);
  body["label"] = wanted.label;
  body["expires_at"] = nullptr;
  if (value_at(rows, 0, 1)) body["expires_at"] = text_at(rows, 0, 1);
  co_return json_reply(body, 201);
}

Task<Reply> list(Call& call) {
  const Rows rows = co_await call.query(list_statement);
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> revoke(Call& call) {
  const std::string id = core::lower_ascii(uuid_of_path(call));
  try {
    co_await call.query("SELECT @extschema@.cdb_api_key_revoke($1::pg_catalog.uuid)", id);
  } catch (const SqlFailure& failure) {
    // The id is all that is asked with.
    if (failure.number == 1502) throw Refusal{{.status = 404}};
    throw;
  }
  // The notification comes as well, but it may be late, or nobody listens.
  call.services.keys.forget(id);
  call.services.pool.forget_key(id);
  call.services.events.check_key(id);
  co_return Reply{.status = 204};
}

}  // namespace

std::vector<Route> key_routes() {
  return {{.method = Method::get,
           .path = "/api/v1/keys",
           .operation = "list_keys",
           .summary = "The issued keys of the role, newest first, without the keys themselves",
           .handler = list,
           .answers = {{200, "The keys", "Keys"}}},
          {.method = Method::post,
           .path = "/api/v1/keys",
           .operation = "issue_key",
           .summary = "Issues a key for the role, which is shown this once; it takes the role's password",
           .handler = add,
           .body_schema = "NewKey",
           .answers = {{201, "The key", "IssuedKey"},
                       {403, "Asked with an issued key", "Error"},
                       {503, "The program can't read issued keys", "Error"}}},
          {.method = Method::remove,
           .path = "/api/v1/keys/{id}",
           .operation = "revoke_key",
           .summary = "Revokes a key, which lets nobody in any more",
           .handler = revoke,
           .answers = {{204, "It is revoked"}, {404, "There is no such key"}}}};
}

}  // namespace connector::http
