-- The SQL surface of the extension. Installed as connector--<version>.sql.
\echo Use "CREATE EXTENSION connector" to load this file. \quit

-- CREATE EXTENSION puts the target schema, where others may have made functions and operators, onto the path. With this
-- one every name below that has no schema is PostgreSQL's own, and stays it in views and functions.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA connector;
GRANT USAGE ON SCHEMA connector TO PUBLIC;

-- The wrapper: USAGE on it is the right to open connections given in a request. PostgreSQL calls the handler and the
-- validator without asking for EXECUTE.
CREATE FUNCTION connector.fdw_handler() RETURNS fdw_handler
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'connector_fdw_handler';
REVOKE EXECUTE ON FUNCTION connector.fdw_handler() FROM PUBLIC;
CREATE FUNCTION connector.fdw_validator(text[], oid) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'connector_fdw_validator';
REVOKE EXECUTE ON FUNCTION connector.fdw_validator(text[], oid) FROM PUBLIC;

CREATE FOREIGN DATA WRAPPER connector HANDLER connector.fdw_handler VALIDATOR connector.fdw_validator;

-- Limits by role and provider; a missing role or provider means all. The row for the role wins.
CREATE TABLE connector.role_limits (
    role_name regrole,
    provider text CHECK (provider IN ('mysql', 'postgres', 'sqlserver', 'hive', 'odbc')),
    enabled boolean NOT NULL DEFAULT true,
    max_rows bigint CHECK (max_rows > 0),
    max_syncs integer CHECK (max_syncs >= 0)
);
CREATE UNIQUE INDEX role_limits_key ON connector.role_limits
    ((coalesce(role_name::oid, 0::oid)), (coalesce(provider, '')));

-- Calls of cdb_import_tables(). What they have queued has their id in connector.import.
CREATE TABLE connector.import_batch (
    id uuid PRIMARY KEY,
    owner oid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz            -- NULL: not all of it has ended, or nobody has been told yet
);
CREATE INDEX import_batch_owner ON connector.import_batch (owner, created_at);
CREATE INDEX import_batch_open ON connector.import_batch (id) WHERE ended_at IS NULL;

-- Imports, finished ones and those to come; read through the view connector.imports.
CREATE TABLE connector.import (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_queue_id uuid NOT NULL UNIQUE,
    owner oid NOT NULL,
    provider text NOT NULL,         -- empty, as server, source and target_table: a request without a source
    request json NOT NULL,          -- secrets masked
    state text NOT NULL CHECK (state IN ('enqueued', 'uploading', 'complete', 'failure')),
    schema_name text NOT NULL,
    table_name text,                -- NULL: skipped, failed, or not there yet
    target_table text NOT NULL,     -- the name that was wanted, before any _1
    server text NOT NULL,           -- for those who look: which remote server
    source text NOT NULL,           -- likewise: what is read there
    error_code integer,
    row_count bigint NOT NULL DEFAULT 0,
    byte_count bigint NOT NULL DEFAULT 0,
    result json,
    started_at timestamptz,
    ended_at timestamptz,
    synchronization_id uuid,        -- the first run of this sync
    error_message text,
    error_detail text,
    error_hint text,
    sqlstate text,
    created_at timestamptz NOT NULL DEFAULT now(),
    batch_id uuid,                  -- the call of cdb_import_tables() that it is part of
    references_found json,          -- its foreign keys, until the batch's end: they are added when all tables are there
    problem text                    -- why a foreign key of the source was not added
);
CREATE INDEX import_owner ON connector.import (owner, id);
CREATE INDEX import_batch_id ON connector.import (batch_id, ended_at) WHERE batch_id IS NOT NULL;
CREATE INDEX import_queued ON connector.import (owner, id) WHERE state = 'enqueued' AND synchronization_id IS NULL;
CREATE INDEX import_unfinished ON connector.import (owner, id) WHERE state IN ('enqueued', 'uploading');

-- Secrets of queued requests; see connector.sync_secret.
CREATE TABLE connector.import_secret (
    item_queue_id uuid PRIMARY KEY REFERENCES connector.import (item_queue_id) ON DELETE CASCADE
);
ALTER TABLE connector.import_secret ADD COLUMN secrets json NOT NULL, ALTER COLUMN secrets SET STORAGE PLAIN;
ALTER TABLE connector.import_secret ENABLE ROW LEVEL SECURITY;

-- The number of a role that was dropped would be some other role's in the restored cluster.
SELECT pg_catalog.pg_extension_config_dump('connector.role_limits',
    'WHERE role_name IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_roles r '
    'WHERE r.oid OPERATOR(pg_catalog.=) role_name::pg_catalog.oid)');

-- A role sees its own imports; members of pg_read_all_stats see all, as in pg_stat_activity.
CREATE VIEW connector.imports WITH (security_barrier) AS
SELECT i.item_queue_id,
       pg_catalog.pg_get_userbyid(i.owner) AS role_name,
       -- The texts of a request without a source are empty.
       nullif(i.provider, '') AS provider,
       nullif(i.server, '') AS server,
       nullif(i.source, '') AS source,
       i.state,
       i.schema_name AS schema,
       CASE WHEN i.state = 'complete' THEN i.table_name
            ELSE coalesce(i.table_name, nullif(i.target_table, '')) END AS table_name,
       i.row_count AS rows,
       i.byte_count AS bytes,
       i.error_code,
       i.sqlstate,
       i.error_message,
       i.error_detail,
       i.error_hint,
       CASE WHEN pg_catalog.json_typeof(i.result -> 'warnings') <> 'null' THEN i.result -> 'warnings' END AS warnings,
       i.result -> 'skipped_columns' AS skipped_columns,
       i.request,
       i.synchronization_id,
       i.batch_id,
       i.problem,
       i.created_at,
       i.started_at,
       i.ended_at
FROM connector.import i
WHERE pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
   OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = i.owner AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
GRANT SELECT ON connector.imports TO PUBLIC;

-- Syncs; read through the view connector.syncs, written by the functions below only.
CREATE TABLE connector.sync (
    id uuid PRIMARY KEY,
    name text NOT NULL,             -- unique among the syncs of a role when it is given; see jobs/sync_name.hpp
    owner regrole NOT NULL,         -- whose request it is: no run for the table's owner if that is another role
    item_queue_id uuid NOT NULL,    -- the first run as an import
    provider text NOT NULL,
    request json NOT NULL,          -- secrets masked
    has_secret boolean NOT NULL,    -- they are in connector.sync_secret
    trusted boolean NOT NULL,       -- the request was given by a superuser
    request_number integer NOT NULL DEFAULT 1, -- which of the requests that the sync has had this is
    target_schema text NOT NULL,    -- where the first run creates the table
    target_table text NOT NULL,     -- the name that it wants for the table, before any _1
    server text NOT NULL,           -- for those who look: which remote server
    source text NOT NULL,           -- likewise: what is read there
    relation regclass,              -- the table, NULL before the first run
    interval_seconds bigint NOT NULL CHECK (interval_seconds > 0),
    on_success text,                -- SQL that runs after a run
    on_failure text,
    statements_role oid,            -- who gave it, and as whom it runs: no other owner's; NULL = switched off, or none
    at text,                        -- time of the day and zone of runs: '02:00 Europe/Berlin'
    state text NOT NULL CHECK (state IN ('created', 'queued', 'syncing', 'success', 'failure')),
    paused boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    run_at timestamptz,             -- NULL: rests until asked
    ran_at timestamptz,
    checksum text NOT NULL DEFAULT '',
    layout text,                    -- the table's columns as the last run left them
    position json,                  -- of an append: the last cursor value that was read
    log_id uuid,                    -- the last run
    last_ended uuid,                -- the last run that has ended
    error_code integer,
    error_message text,
    failing_since timestamptz,      -- the end of the first of the failures in a row
    retried_times integer NOT NULL DEFAULT 0,
    -- Since the sync was made: runs are forgotten.
    success_count bigint NOT NULL DEFAULT 0,
    failure_count bigint NOT NULL DEFAULT 0,
    row_count bigint NOT NULL DEFAULT 0
);
CREATE INDEX sync_name ON connector.sync (name);
CREATE INDEX sync_target ON connector.sync (target_table);
CREATE INDEX sync_created ON connector.sync (created_at, id);
CREATE INDEX sync_due ON connector.sync (run_at)
    WHERE state <> 'syncing' AND (NOT paused OR state = 'queued');
CREATE INDEX sync_syncing ON connector.sync (id) WHERE state = 'syncing';

-- What a restore brings back is paused until somebody resumes it, with its statements switched off: its table may not be
-- filled yet, its password is not in the dump, and a copy of a database is not to do the original's work. A sync whose
-- table is not its owner's there loses it. C knows its own inserts.
CREATE FUNCTION connector.sync_restored() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'connector_sync_restored';
REVOKE EXECUTE ON FUNCTION connector.sync_restored() FROM PUBLIC;
CREATE TRIGGER restored BEFORE INSERT ON connector.sync
    FOR EACH ROW EXECUTE FUNCTION connector.sync_restored();
-- Rows that replication brings are those of another database, too.
ALTER TABLE connector.sync ENABLE ALWAYS TRIGGER restored;

-- The secrets of requests, and nothing else: `[[3, "password"], ...]`, which value of connector.sync.request is what. Nobody
-- has a privilege on this table, row security keeps out pg_read_all_data as well, and it is no part of a dump. Row
-- security does not reach a TOAST table: there is none, as the column is plain from the start, and short. Values of type
-- json get into no statistics.
CREATE TABLE connector.sync_secret (
    sync_id uuid PRIMARY KEY REFERENCES connector.sync ON DELETE CASCADE
);
ALTER TABLE connector.sync_secret ADD COLUMN secrets json NOT NULL, ALTER COLUMN secrets SET STORAGE PLAIN;
-- Whose sync it was when they were given: a first run that overwrites another role's table makes it that role's, which
-- runs with them, but puts them into no other request.
ALTER TABLE connector.sync_secret ADD COLUMN role oid;
ALTER TABLE connector.sync_secret ENABLE ROW LEVEL SECURITY;

-- Accounts that a remote does not let in. Until next_try no sync tries again; then one does, for all. Nobody is granted a
-- privilege on it.
CREATE TABLE connector.denied_login (
    mapping oid NOT NULL,           -- the user mapping that has the password; 0: the request of a role has it
    role oid NOT NULL,              -- that role; 0: a mapping
    provider text NOT NULL,
    server text NOT NULL,
    port text NOT NULL,
    username text NOT NULL,
    mapping_version text NOT NULL,  -- changes with the mapping
    denials integer NOT NULL,       -- in a row
    next_try timestamptz NOT NULL,
    PRIMARY KEY (mapping, role, provider, server, port, username)
);

-- Runs of syncs; read through the view connector.runs.
CREATE TABLE connector.run (
    id uuid PRIMARY KEY,
    sync_id uuid NOT NULL REFERENCES connector.sync ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('syncing', 'success', 'failure')),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    mode text,
    rows bigint,
    bytes bigint,
    inserted bigint,
    updated bigint,
    deleted bigint,
    reason text,                    -- why not the way that was asked for; what was compared, and why
    ranges_compared bigint,         -- NULL if rows were
    ranges_read bigint,
    lock_ms double precision,
    phase_ms json,                  -- milliseconds by phase
    warnings json,
    schema_changes json,            -- of the source, that the table has followed
    error_code integer,
    sqlstate text,
    error_message text,
    error_detail text,
    error_hint text,
    statement_error text,           -- why on_success or on_failure failed
    permanent boolean,              -- trying again can't help
    next_login timestamptz,         -- the login was denied: none with the account before then
    -- What connector.sync gets from a run. It is written here in the transaction of the work, and there in the next: the
    -- row there may be locked by others, and nobody is to wait while a strong lock on the table is held.
    relation oid,
    checksum text,
    layout text,
    position json,
    ranges json,                    -- gone as soon as it is there
    request_number integer NOT NULL -- what was read by another request than today's says nothing
);
CREATE INDEX run_sync ON connector.run (sync_id, started_at DESC);

-- For merges that compare checksums of ranges: what these are worth for, and what runs cost. A dump has neither this nor
-- the ranges: a restored table is compared as a whole.
CREATE TABLE connector.sync_comparison (
    sync_id uuid PRIMARY KEY REFERENCES connector.sync ON DELETE CASCADE,
    mark text NOT NULL,             -- table, storage, owner, columns and what the checksums are made of
    figures json NOT NULL           -- seconds that a row has cost, by step
);
CREATE TABLE connector.sync_range (
    sync_id uuid NOT NULL REFERENCES connector.sync_comparison ON DELETE CASCADE,
    number integer NOT NULL,        -- in the order of the key; the last one is for NULL
    lower_bound text,               -- of the key, as text; NULL for the first and the last
    remote_rows bigint,             -- NULL: not known
    remote_sums text,
    local_rows bigint,
    local_sums text,
    PRIMARY KEY (sync_id, number)
);

-- Files that transactions are filling and that no table has yet. Rows count from the moment they are written, whatever
-- becomes of the transaction: after a crash they tell which files nobody will ever ask for.
CREATE TABLE connector.new_storage (
    system bigint NOT NULL,
    transaction xid8 NOT NULL,
    tablespace oid NOT NULL,        -- as in pg_class
    filenode oid NOT NULL
);
ALTER TABLE connector.new_storage REPLICA IDENTITY FULL;  -- for publications of all tables

-- A table or role that was dropped has but its number, which is another's in the restored database.
SELECT pg_catalog.pg_extension_config_dump('connector.sync',
    'WHERE (relation IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_class c '
    'WHERE c.oid OPERATOR(pg_catalog.=) relation::pg_catalog.oid)) '
    'AND EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid OPERATOR(pg_catalog.=) owner::pg_catalog.oid)');

CREATE VIEW connector.syncs WITH (security_barrier) AS
SELECT s.id,
       s.name,
       pg_catalog.pg_get_userbyid(coalesce(c.relowner, s.owner::oid)) AS role_name,
       s.provider,
       s.server,
       s.source,
       coalesce(n.nspname::text, s.target_schema) AS schema,
       coalesce(c.relname::text, s.target_table) AS table_name,
       s.state,
       s.paused,
       s.interval_seconds * interval '1 second' AS "interval",
       s.at,
       s.run_at,
       s.ran_at,
       s.failing_since,
       s.retried_times,
       s.state = 'failure' AND s.run_at IS NULL AS gave_up,
       CASE WHEN s.statements_role = s.owner::oid AND s.statements_role = coalesce(c.relowner, s.owner::oid)
            THEN pg_catalog.pg_get_userbyid(s.statements_role) END AS statements_role,
       s.error_code,
       CASE WHEN s.error_code IS NOT NULL THEN r.sqlstate END AS sqlstate,
       s.error_message,
       CASE WHEN s.error_code IS NOT NULL THEN r.error_detail END AS error_detail,
       CASE WHEN s.error_code IS NOT NULL THEN r.error_hint END AS error_hint,
       r.warnings,
       r.schema_changes,
       r.statement_error,
       s.success_count AS successes,
       s.failure_count AS failures,
       s.row_count AS rows_read,
       s.created_at,
       s.updated_at,
       s.checksum,
       s.log_id,
       s.item_queue_id,
       s.request,
       r.state AS last_state,
       r.ended_at AS last_ended_at,
       r.ended_at - r.started_at AS last_duration,
       r.mode AS last_mode,
       r.rows AS last_rows,
       r.error_code AS last_error_code,
       r.sqlstate AS last_sqlstate,
       r.error_message AS last_error_message,
       r.error_detail AS last_error_detail,
       r.error_hint AS last_error_hint
FROM connector.sync s
LEFT JOIN pg_catalog.pg_class c ON c.oid = s.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN connector.run r ON r.id = s.last_ended
WHERE pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
   OR EXISTS (SELECT FROM pg_catalog.pg_roles r
              WHERE r.oid = coalesce(c.relowner, s.owner::oid) AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
GRANT SELECT ON connector.syncs TO PUBLIC;

CREATE VIEW connector.runs WITH (security_barrier) AS
SELECT r.id,
       r.sync_id,
       s.name AS sync_name,
       s.role_name,
       s.schema,
       s.table_name,
       r.state,
       r.started_at,
       r.ended_at,
       r.ended_at - r.started_at AS duration,
       r.mode,
       r.rows,
       r.bytes,
       r.inserted,
       r.updated,
       r.deleted,
       r.reason,
       r.ranges_compared,
       r.ranges_read,
       r.lock_ms,
       r.phase_ms,
       r.warnings,
       r.schema_changes,
       r.error_code,
       r.sqlstate,
       r.error_message,
       r.error_detail,
       r.error_hint,
       coalesce(r.permanent, false) AS permanent,
       r.statement_error
FROM connector.run r
JOIN connector.syncs s ON s.id = r.sync_id;
GRANT SELECT ON connector.runs TO PUBLIC;

-- Runs that go on right now.
CREATE FUNCTION connector.progress_json() RETURNS json
    LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'connector_progress';

CREATE VIEW connector.progress AS
SELECT p.pid,
       p.kind,
       p.id,
       pg_catalog.pg_get_userbyid(p.owner) AS role_name,
       p.server,
       p.source,
       p.schema,
       p.table_name,
       p.phase,
       p.rows,
       p.bytes,
       p.expected_rows,
       p.rows_per_second,
       p.started_at,
       p.last_row_at,
       CASE WHEN p.expected_rows > p.rows AND p.rows_per_second > 0
            THEN (p.expected_rows - p.rows) / p.rows_per_second * interval '1 second' END AS estimated_time_left,
       -- A swap asks for its lock for milliseconds at a time: most of the time it is not among those that wait.
       CASE WHEN p.phase = 'waiting for lock'
            THEN (SELECT pg_catalog.array_agg(DISTINCT coalesce(l.pid, 0)) FROM pg_catalog.pg_locks l
                  WHERE l.locktype = 'relation' AND l.relation = p.relation AND l.granted
                    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                      WHERE d.datname = pg_catalog.current_database())
                    AND l.pid IS DISTINCT FROM p.pid)
            ELSE nullif(pg_catalog.pg_blocking_pids(p.pid), '{}') END AS blocked_by
FROM pg_catalog.json_to_recordset(connector.progress_json())
    AS p (pid integer, kind text, id uuid, owner oid, relation oid, server text, source text, schema text,
          table_name text, phase text, rows bigint, bytes bigint, expected_rows bigint,
          rows_per_second double precision, started_at timestamptz, last_row_at timestamptz);
GRANT SELECT ON connector.progress TO PUBLIC;

-- Importing

CREATE FUNCTION @extschema@.cdb_import_connector(connector json, wait boolean DEFAULT true) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import';
COMMENT ON FUNCTION @extschema@.cdb_import_connector(json, boolean) IS
    'imports a table or query of a remote database into a new local table';

CREATE FUNCTION @extschema@.cdb_import_status(item_queue_id uuid) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import_status';
COMMENT ON FUNCTION @extschema@.cdb_import_status(uuid) IS 'tells what became of an import';

CREATE FUNCTION @extschema@.cdb_imports("limit" integer DEFAULT 100, before uuid DEFAULT NULL,
                                        unfinished boolean DEFAULT false) RETURNS SETOF json
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_imports';
COMMENT ON FUNCTION @extschema@.cdb_imports(integer, uuid, boolean) IS
    'lists imports as cdb_import_status() tells them, newest first, only those older than one, or unfinished ones of the last day';

-- For those who show them: the newest imports, first runs of syncs aside, in which a text is found, and how many there
-- are, counted up to `most`.
CREATE FUNCTION connector.newest_imports(search text, "limit" integer, most integer)
    RETURNS TABLE (item_queue_id uuid, found bigint)
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_newest_imports';

-- The rows of a load, in the statement that stores them: see ARCHITECTURE.md. Anybody may try to call it, and gets an
-- error. So many rows that the planner keeps those of the other side of a join, not these.
CREATE FUNCTION connector.incoming_rows(secret bigint, before bigint) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000000 AS 'MODULE_PATHNAME', 'connector_incoming_rows';

-- For those who offer imports to others: a request that names no source is accepted, and what became of it can be asked.
CREATE FUNCTION connector.import_without_source() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import_without_source';

CREATE FUNCTION connector.import_tables_json(connector json, tables text[], "interval" interval) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import_tables';

CREATE FUNCTION @extschema@.cdb_import_tables(connector json, tables text[] DEFAULT NULL, "interval" interval DEFAULT NULL)
    RETURNS TABLE (schema text, name text, table_name text, item_queue_id uuid, synchronization_id uuid, batch_id uuid,
                   problem text)
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT t.schema, t.name, t.table_name, t.item_queue_id, t.synchronization_id, t.batch_id, t.problem
    FROM pg_catalog.json_to_recordset(connector.import_tables_json(connector, tables, "interval"))
        AS t (schema text, name text, table_name text, item_queue_id uuid, synchronization_id uuid, batch_id uuid,
              problem text);
END;
COMMENT ON FUNCTION @extschema@.cdb_import_tables(json, text[], interval) IS
    'queues an import, or with an interval makes a sync, for each table of a remote database that matches';

CREATE FUNCTION @extschema@.cdb_import_cancel(item_queue_id uuid) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_import_cancel';
COMMENT ON FUNCTION @extschema@.cdb_import_cancel(uuid) IS 'ends an import that waits or runs, wherever it does';

-- Syncing

-- A function on a sync takes its id, or a text: the id or the name. A literal without a type is a text.

CREATE FUNCTION @extschema@.cdb_sync_connector(connector json, "interval" interval DEFAULT NULL, name text DEFAULT NULL)
    RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_create';
COMMENT ON FUNCTION @extschema@.cdb_sync_connector(json, interval, text) IS
    'imports a table or query of a remote database and refreshes the local table again and again';

CREATE FUNCTION @extschema@.cdb_sync_status(id uuid) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_status';
COMMENT ON FUNCTION @extschema@.cdb_sync_status(uuid) IS 'tells the state of a sync';
CREATE FUNCTION @extschema@.cdb_sync_status(id text) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_status';
COMMENT ON FUNCTION @extschema@.cdb_sync_status(text) IS 'tells the state of a sync, given its id or name';

CREATE FUNCTION @extschema@.cdb_syncs("limit" integer DEFAULT NULL, before uuid DEFAULT NULL) RETURNS SETOF json
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_syncs';
COMMENT ON FUNCTION @extschema@.cdb_syncs(integer, uuid) IS
    'lists syncs as cdb_sync_status() tells them, newest first, only those older than one';

CREATE FUNCTION @extschema@.cdb_sync_now(id uuid, wait boolean DEFAULT false, raise boolean DEFAULT false) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_now';
COMMENT ON FUNCTION @extschema@.cdb_sync_now(uuid, boolean, boolean) IS
    'asks for a run of a sync at once, or (wait) runs it in this transaction, and (raise) makes its failure an error';
CREATE FUNCTION @extschema@.cdb_sync_now(id text, wait boolean DEFAULT false, raise boolean DEFAULT false) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_now';
COMMENT ON FUNCTION @extschema@.cdb_sync_now(text, boolean, boolean) IS
    'asks for a run of a sync, given its id or name, at once, or (wait) runs it in this transaction, and (raise) makes its failure an error';

CREATE FUNCTION @extschema@.cdb_sync_update(id uuid, "interval" interval DEFAULT NULL, connector json DEFAULT NULL,
                                            name text DEFAULT NULL) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_update';
COMMENT ON FUNCTION @extschema@.cdb_sync_update(uuid, interval, json, text) IS
    'changes the interval, the request or the name of a sync';
CREATE FUNCTION @extschema@.cdb_sync_update(id text, "interval" interval DEFAULT NULL, connector json DEFAULT NULL,
                                            name text DEFAULT NULL) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_update';
COMMENT ON FUNCTION @extschema@.cdb_sync_update(text, interval, json, text) IS
    'changes the interval, the request or the name of a sync, given its id or name';

CREATE FUNCTION @extschema@.cdb_sync_cancel(id uuid) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_cancel';
COMMENT ON FUNCTION @extschema@.cdb_sync_cancel(uuid) IS 'ends the run of a sync that is due or goes on, wherever it does';
CREATE FUNCTION @extschema@.cdb_sync_cancel(id text) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_cancel';
COMMENT ON FUNCTION @extschema@.cdb_sync_cancel(text) IS
    'ends the run of a sync, given its id or name, that is due or goes on, wherever it does';

CREATE FUNCTION @extschema@.cdb_sync_pause(id uuid) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_pause';
COMMENT ON FUNCTION @extschema@.cdb_sync_pause(uuid) IS 'stops the clock of a sync';
CREATE FUNCTION @extschema@.cdb_sync_pause(id text) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_pause';
COMMENT ON FUNCTION @extschema@.cdb_sync_pause(text) IS 'stops the clock of a sync, given its id or name';

CREATE FUNCTION @extschema@.cdb_sync_resume(id uuid) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_resume';
COMMENT ON FUNCTION @extschema@.cdb_sync_resume(uuid) IS 'lets a paused sync, or one that gave up after failures, go on';
CREATE FUNCTION @extschema@.cdb_sync_resume(id text) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_resume';
COMMENT ON FUNCTION @extschema@.cdb_sync_resume(text) IS
    'lets a paused sync, or one that gave up after failures, go on, given its id or name';

CREATE FUNCTION @extschema@.cdb_sync_delete(id uuid) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_delete';
COMMENT ON FUNCTION @extschema@.cdb_sync_delete(uuid) IS 'forgets a sync and its password; the table stays';
CREATE FUNCTION @extschema@.cdb_sync_delete(id text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_named_sync_delete';
COMMENT ON FUNCTION @extschema@.cdb_sync_delete(text) IS
    'forgets a sync, given its id or name, and its password; the table stays';

CREATE PROCEDURE @extschema@.cdb_run_due_syncs(max_runs integer DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'connector_run_due_syncs';
COMMENT ON PROCEDURE @extschema@.cdb_run_due_syncs(integer) IS
    'runs the syncs that are due, each in a transaction of its own: for pg_cron and the like';

-- Whether due syncs and queued imports of the current role are run by themselves.
CREATE FUNCTION connector.has_scheduler() RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'connector_has_scheduler';

-- What there is

CREATE FUNCTION @extschema@.cdb_connectors() RETURNS json
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_list_providers';
COMMENT ON FUNCTION @extschema@.cdb_connectors() IS 'lists the providers';

-- The table connector.role_limits is for superusers; what follows from it and from the settings for oneself is not.
CREATE FUNCTION connector.my_limits_json() RETURNS json
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_my_limits';

CREATE VIEW connector.my_limits AS
SELECT l.provider, l.enabled, l.max_rows, l.max_columns, l.max_syncs, l.max_stored_syncs, l.max_imports,
       l.max_queued_imports
FROM pg_catalog.json_to_recordset(connector.my_limits_json())
    AS l (provider text, enabled boolean, max_rows bigint, max_columns integer, max_syncs integer,
          max_stored_syncs integer, max_imports integer, max_queued_imports integer);
GRANT SELECT ON connector.my_limits TO PUBLIC;

CREATE FUNCTION @extschema@.cdb_connector_info(provider text) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'connector_provider_info';
COMMENT ON FUNCTION @extschema@.cdb_connector_info(text) IS 'describes the features and parameters of a provider';

CREATE FUNCTION @extschema@.cdb_connector_schema(provider text) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'connector_provider_schema';
COMMENT ON FUNCTION @extschema@.cdb_connector_schema(text) IS 'gives a JSON Schema of the requests of a provider';

CREATE FUNCTION connector.error_codes_json() RETURNS json
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'connector_error_codes';

CREATE FUNCTION @extschema@.cdb_error_codes()
    RETURNS TABLE (error_code integer, title text, what_to_do text, who text, sqlstate text)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.error_code, e.title, e.what_to_do, e.who, e.sqlstate
    FROM pg_catalog.json_to_recordset(connector.error_codes_json())
        AS e (error_code integer, title text, what_to_do text, who text, sqlstate text)
    ORDER BY e.error_code;
END;
COMMENT ON FUNCTION @extschema@.cdb_error_codes() IS 'lists the error numbers, what they mean and what to do';

-- Foreign tables

CREATE FUNCTION connector.foreign_connections_json() RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_foreign_connections';

CREATE FUNCTION @extschema@.cdb_foreign_connections()
    RETURNS TABLE (server text, role text, provider text, in_use boolean, in_transaction boolean,
                   since timestamp with time zone)
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT c.server, c.role, c.provider, c.in_use, c.in_transaction, c.since
    FROM pg_catalog.json_to_recordset(connector.foreign_connections_json())
        AS c (server text, role text, provider text, in_use boolean, in_transaction boolean,
              since timestamp with time zone);
END;
COMMENT ON FUNCTION @extschema@.cdb_foreign_connections() IS
    'lists the connections that foreign tables keep in this session';

CREATE FUNCTION @extschema@.cdb_foreign_disconnect(server text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_foreign_disconnect';
COMMENT ON FUNCTION @extschema@.cdb_foreign_disconnect(text) IS
    'closes connections of foreign tables that are not in use, of one server or all, and tells how many';

-- Saved servers

CREATE FUNCTION @extschema@.cdb_servers()
    RETURNS TABLE (name text, provider text, owner text, may_change boolean, connection json, used_by bigint)
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_servers';
COMMENT ON FUNCTION @extschema@.cdb_servers() IS
    'lists the foreign servers of the wrapper that you may use, with their connections, passwords masked';

CREATE FUNCTION @extschema@.cdb_server_save(name text, connector json) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_server_save';
COMMENT ON FUNCTION @extschema@.cdb_server_save(text, json) IS
    'makes or changes a foreign server of the wrapper, and your user mapping on it';

CREATE FUNCTION @extschema@.cdb_server_drop(name text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_server_drop';
COMMENT ON FUNCTION @extschema@.cdb_server_drop(text) IS
    'drops a foreign server of the wrapper with its user mappings, unless something uses it';

-- Keys for programs that offer the functions to others

-- A key stands for the password of its role: the row has that sealed by the key, which is nowhere. So the table opens
-- nothing, and neither does a copy of it. Still nobody has a privilege on it, and row security, plain columns without a
-- TOAST table and columns without statistics keep out pg_read_all_data, as with connector.sync_secret. It is no part of
-- a dump: keys are issued again after a restore.
CREATE TABLE connector.api_key (
    id uuid PRIMARY KEY,
    owner oid NOT NULL,             -- whose password it is
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,         -- NULL: never
    last_used_at timestamptz,       -- to the minute
    role_name name NOT NULL         -- of the owner at the last use: see store/api_keys.hpp
) WITH (fillfactor = 70);
ALTER TABLE connector.api_key
    ADD COLUMN label text NOT NULL CHECK (length(label) <= 200),
    ADD COLUMN secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    ADD COLUMN sealed bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 1 AND 4096),
    ADD COLUMN password_digest bytea, -- of what PostgreSQL checks the owner's password by; NULL: it does not check it
    ALTER COLUMN label SET STORAGE PLAIN, ALTER COLUMN label SET STATISTICS 0,
    ALTER COLUMN secret_hash SET STORAGE PLAIN, ALTER COLUMN secret_hash SET STATISTICS 0,
    ALTER COLUMN sealed SET STORAGE PLAIN, ALTER COLUMN sealed SET STATISTICS 0,
    ALTER COLUMN password_digest SET STORAGE PLAIN, ALTER COLUMN password_digest SET STATISTICS 0;
CREATE INDEX api_key_owner ON connector.api_key (owner);
ALTER TABLE connector.api_key ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION connector.add_api_key(id uuid, label text, secret_hash bytea, sealed bytea, expires_at timestamptz)
    RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_add_api_key';

-- For the role of the program that unseals passwords, to which an administrator grants it.
CREATE FUNCTION connector.sealed_api_key(id uuid)
    RETURNS TABLE (role_name text, secret_hash bytea, sealed bytea, expires_at timestamptz)
    LANGUAGE c STABLE ROWS 1 PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sealed_api_key';
REVOKE EXECUTE ON FUNCTION connector.sealed_api_key(uuid) FROM PUBLIC;

CREATE FUNCTION connector.api_key_used(id uuid) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_api_key_used';

CREATE FUNCTION @extschema@.cdb_api_keys()
    RETURNS TABLE (id uuid, role_name text, label text, created_at timestamptz, expires_at timestamptz,
                   last_used_at timestamptz)
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_api_keys';
COMMENT ON FUNCTION @extschema@.cdb_api_keys() IS 'lists the API keys that stand for your password, newest first';

CREATE FUNCTION @extschema@.cdb_api_key_revoke(id uuid) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_api_key_revoke';
COMMENT ON FUNCTION @extschema@.cdb_api_key_revoke(uuid) IS 'makes an API key worthless, for good';

-- Looking at a remote database

CREATE FUNCTION @extschema@.cdb_connector_check(connector json) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_check';
COMMENT ON FUNCTION @extschema@.cdb_connector_check(json) IS 'connects to a remote database and runs a trivial statement';

CREATE FUNCTION connector.tables_json(connector json, max_tables integer) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_tables';

CREATE FUNCTION @extschema@.cdb_connector_tables(connector json, "limit" integer DEFAULT 500)
    RETURNS TABLE (schema text, name text, kind text, estimated_rows bigint)
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
BEGIN ATOMIC
    SELECT t.schema, t.name, t.kind, t.estimated_rows
    FROM pg_catalog.json_to_recordset(connector.tables_json(connector, "limit"))
        AS t (schema text, name text, kind text, estimated_rows bigint);
END;
COMMENT ON FUNCTION @extschema@.cdb_connector_tables(json, integer) IS 'lists tables and views of a remote database';

CREATE FUNCTION @extschema@.cdb_connector_dry_run(connector json, preview_rows integer DEFAULT 10) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_dry_run';
COMMENT ON FUNCTION @extschema@.cdb_connector_dry_run(json, integer) IS
    'shows what an import would create, with the first rows, and changes nothing';

CREATE FUNCTION @extschema@.cdb_foreign_table(connector json) RETURNS regclass
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_foreign_table';
COMMENT ON FUNCTION @extschema@.cdb_foreign_table(json) IS
    'makes a foreign table that shows what an import would copy, of a foreign server';
