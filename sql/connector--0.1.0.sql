-- The SQL surface of the extension (SPEC 2). Installed as connector--<version>.sql.
\echo Use "CREATE EXTENSION connector" to load this file. \quit

CREATE SCHEMA connector;
GRANT USAGE ON SCHEMA connector TO PUBLIC;

-- The wrapper: USAGE on it is the right to open connections given in a request (SPEC 8).
CREATE FUNCTION connector.fdw_validator(text[], oid) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'connector_fdw_validator';

CREATE FOREIGN DATA WRAPPER connector VALIDATOR connector.fdw_validator;

-- Limits by role and provider; a missing role or provider means all. The row for the role wins.
CREATE TABLE connector.role_limits (
    role_name regrole,
    provider text,
    enabled boolean NOT NULL DEFAULT true,
    max_rows bigint CHECK (max_rows > 0),
    max_syncs integer CHECK (max_syncs >= 0)
);
CREATE UNIQUE INDEX role_limits_key ON connector.role_limits
    ((coalesce(role_name::oid, 0::oid)), (coalesce(provider, '')));

-- Finished imports; read through the view connector.imports.
CREATE TABLE connector.import (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_queue_id uuid NOT NULL UNIQUE,
    owner oid NOT NULL,
    provider text NOT NULL,
    request json NOT NULL,          -- secrets masked
    state text NOT NULL CHECK (state IN ('complete', 'failure')),
    schema_name text NOT NULL,
    table_name text,                -- NULL: skipped
    error_code integer,
    row_count bigint NOT NULL,
    byte_count bigint NOT NULL,
    result json NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL
);
CREATE INDEX import_owner ON connector.import (owner, id);

SELECT pg_catalog.pg_extension_config_dump('connector.role_limits', '');

-- A role sees its own imports; members of pg_read_all_stats see all, as in pg_stat_activity.
CREATE VIEW connector.imports WITH (security_barrier) AS
SELECT i.item_queue_id,
       pg_catalog.pg_get_userbyid(i.owner) AS role_name,
       i.provider,
       i.state,
       i.schema_name AS schema,
       i.table_name,
       i.row_count AS rows,
       i.byte_count AS bytes,
       i.error_code,
       i.result -> 'warnings' AS warnings,
       i.result -> 'skipped_columns' AS skipped_columns,
       i.request,
       i.started_at,
       i.ended_at
FROM connector.import i
WHERE pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
   OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = i.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
GRANT SELECT ON connector.imports TO PUBLIC;

-- Importing

CREATE FUNCTION cdb_import_connector(connector json, wait boolean DEFAULT true) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import';
COMMENT ON FUNCTION cdb_import_connector(json, boolean) IS
    'imports a table or query of a remote database into a new local table';

CREATE FUNCTION cdb_import_status(item_queue_id uuid) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import_status';
COMMENT ON FUNCTION cdb_import_status(uuid) IS 'tells what became of an import';

-- What there is

CREATE FUNCTION cdb_connectors() RETURNS json
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'connector_list_providers';
COMMENT ON FUNCTION cdb_connectors() IS 'lists the providers';

CREATE FUNCTION cdb_connector_info(provider text) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'connector_provider_info';
COMMENT ON FUNCTION cdb_connector_info(text) IS 'describes the features and parameters of a provider';

CREATE FUNCTION connector.error_codes_json() RETURNS json
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'connector_error_codes';

CREATE FUNCTION cdb_error_codes()
    RETURNS TABLE (error_code integer, title text, what_to_do text, who text, sqlstate text)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.error_code, e.title, e.what_to_do, e.who, e.sqlstate
    FROM pg_catalog.json_to_recordset(connector.error_codes_json())
        AS e (error_code integer, title text, what_to_do text, who text, sqlstate text)
    ORDER BY e.error_code;
END;
COMMENT ON FUNCTION cdb_error_codes() IS 'lists the error numbers, what they mean and what to do';

-- Looking at a remote database

CREATE FUNCTION cdb_connector_check(connector json) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_check';
COMMENT ON FUNCTION cdb_connector_check(json) IS 'connects to a remote database and runs a trivial statement';

CREATE FUNCTION connector.tables_json(connector json, max_tables integer) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_tables';

CREATE FUNCTION cdb_connector_tables(connector json, "limit" integer DEFAULT 500)
    RETURNS TABLE (schema text, name text, kind text, estimated_rows bigint)
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT t.schema, t.name, t.kind, t.estimated_rows
    FROM pg_catalog.json_to_recordset(connector.tables_json(connector, "limit"))
        AS t (schema text, name text, kind text, estimated_rows bigint);
END;
COMMENT ON FUNCTION cdb_connector_tables(json, integer) IS 'lists tables and views of a remote database';

CREATE FUNCTION cdb_connector_dry_run(connector json, preview_rows integer DEFAULT 10) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_dry_run';
COMMENT ON FUNCTION cdb_connector_dry_run(json, integer) IS
    'shows what an import would create, with the first rows, and changes nothing';
