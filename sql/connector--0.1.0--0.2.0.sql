-- 0.1.0 → 0.2.0: syncs, imports in the background, progress.
\echo Use "ALTER EXTENSION connector UPDATE TO '0.2.0'" to load this file. \quit

DROP VIEW connector.imports;
ALTER TABLE connector.import
    DROP CONSTRAINT import_state_check,
    ADD CONSTRAINT import_state_check CHECK (state IN ('enqueued', 'uploading', 'complete', 'failure')),
    ALTER COLUMN row_count SET DEFAULT 0,
    ALTER COLUMN byte_count SET DEFAULT 0,
    ALTER COLUMN result DROP NOT NULL,
    ALTER COLUMN started_at DROP NOT NULL,
    ALTER COLUMN ended_at DROP NOT NULL,
    ADD COLUMN synchronization_id uuid,
    ADD COLUMN error_message text,
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
UPDATE connector.import SET created_at = started_at;
CREATE INDEX import_unfinished ON connector.import (id) WHERE state IN ('enqueued', 'uploading');

-- Secrets of queued requests; see connector.sync_secret.
CREATE TABLE connector.import_secret (
    item_queue_id uuid PRIMARY KEY REFERENCES connector.import (item_queue_id) ON DELETE CASCADE
);
ALTER TABLE connector.import_secret ADD COLUMN secrets json NOT NULL, ALTER COLUMN secrets SET STORAGE PLAIN;
ALTER TABLE connector.import_secret ENABLE ROW LEVEL SECURITY;

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
       i.error_message,
       i.result -> 'warnings' AS warnings,
       i.result -> 'skipped_columns' AS skipped_columns,
       i.request,
       i.synchronization_id,
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
    owner regrole NOT NULL,         -- who created it; the table's owner counts as soon as there is a table
    item_queue_id uuid NOT NULL,    -- the first run as an import
    provider text NOT NULL,
    request json NOT NULL,          -- secrets masked
    has_secret boolean NOT NULL,    -- they are in connector.sync_secret
    trusted boolean NOT NULL,       -- the request was given by a superuser
    target_schema text NOT NULL,    -- where the first run creates the table
    relation regclass,              -- the table, NULL before the first run
    interval_seconds bigint NOT NULL CHECK (interval_seconds > 0),
    state text NOT NULL CHECK (state IN ('created', 'queued', 'syncing', 'success', 'failure')),
    paused boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    run_at timestamptz,             -- NULL: rests until asked
    ran_at timestamptz,
    checksum text NOT NULL DEFAULT '',
    layout text,                    -- the table's columns as the last run left them
    log_id uuid,                    -- the last run
    error_code integer,
    error_message text,
    retried_times integer NOT NULL DEFAULT 0
);
CREATE INDEX sync_due ON connector.sync (run_at)
    WHERE state <> 'syncing' AND (NOT paused OR state = 'queued');
CREATE INDEX sync_syncing ON connector.sync (id) WHERE state = 'syncing';

-- What a restore brings back is paused until somebody resumes it: its table may not be filled yet, its password is not
-- in the dump, and a copy of a database is not to do the original's work. C knows its own inserts.
CREATE FUNCTION connector.sync_restored() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'connector_sync_restored';
CREATE TRIGGER restored BEFORE INSERT ON connector.sync
    FOR EACH ROW EXECUTE FUNCTION connector.sync_restored();

-- The secrets of requests, and nothing else: `[[3, "password"], …]`, which value of connector.sync.request is what. Nobody
-- has a privilege on this table, row security keeps out pg_read_all_data as well, and it is no part of a dump. Row
-- security does not reach a TOAST table: there is none, as the column is plain from the start, and short. Values of type
-- json get into no statistics.
CREATE TABLE connector.sync_secret (
    sync_id uuid PRIMARY KEY REFERENCES connector.sync ON DELETE CASCADE
);
ALTER TABLE connector.sync_secret ADD COLUMN secrets json NOT NULL, ALTER COLUMN secrets SET STORAGE PLAIN;
ALTER TABLE connector.sync_secret ENABLE ROW LEVEL SECURITY;

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
    reason text,                    -- why not the way that was asked for
    lock_ms double precision,
    phase_ms json,                  -- milliseconds by phase
    warnings json,
    error_code integer,
    sqlstate text,
    error_message text,
    error_detail text,
    error_hint text,
    permanent boolean,              -- trying again can't help
    -- What connector.sync gets from a run. It is written here in the transaction of the work, and there in the next: the
    -- row there may be locked by others, and nobody is to wait while a strong lock on the table is held.
    relation oid,
    checksum text,
    layout text
);
CREATE INDEX run_sync ON connector.run (sync_id, started_at DESC);

-- Files that transactions are filling and that no table has yet. Rows count from the moment they are written, whatever
-- becomes of the transaction: after a crash they tell which files nobody will ever ask for.
CREATE TABLE connector.new_storage (
    system bigint NOT NULL,
    transaction xid8 NOT NULL,
    tablespace oid NOT NULL,        -- as in pg_class
    filenode oid NOT NULL
);
ALTER TABLE connector.new_storage REPLICA IDENTITY FULL;  -- for publications of all tables

SELECT pg_catalog.pg_extension_config_dump('connector.sync', '');

CREATE VIEW connector.syncs WITH (security_barrier) AS
SELECT s.id,
       pg_catalog.pg_get_userbyid(coalesce(c.relowner, s.owner::oid)) AS role_name,
       s.provider,
       coalesce(n.nspname::text, s.target_schema) AS schema,
       c.relname::text AS table_name,
       s.state,
       s.paused,
       s.interval_seconds * interval '1 second' AS "interval",
       s.run_at,
       s.ran_at,
       s.retried_times,
       s.error_code,
       s.error_message,
       s.created_at,
       s.updated_at,
       s.checksum,
       s.log_id,
       s.item_queue_id,
       s.request
FROM connector.sync s
LEFT JOIN pg_catalog.pg_class c ON c.oid = s.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
   OR EXISTS (SELECT FROM pg_catalog.pg_roles r
              WHERE r.oid = coalesce(c.relowner, s.owner::oid) AND pg_catalog.pg_has_role(r.oid, 'USAGE'));
GRANT SELECT ON connector.syncs TO PUBLIC;

CREATE VIEW connector.runs WITH (security_barrier) AS
SELECT r.id,
       r.sync_id,
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
       r.lock_ms,
       r.phase_ms,
       r.warnings,
       r.error_code,
       r.sqlstate,
       r.error_message,
       r.error_detail,
       r.error_hint
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
       coalesce(s.schema, i.schema) AS schema,
       coalesce(s.table_name, i.table_name) AS table_name,
       p.phase,
       p.rows,
       p.bytes,
       p.expected_rows,
       p.rows_per_second,
       p.started_at,
       CASE WHEN p.expected_rows > p.rows AND p.rows_per_second > 0
            THEN (p.expected_rows - p.rows) / p.rows_per_second * interval '1 second' END AS estimated_time_left
FROM pg_catalog.json_to_recordset(connector.progress_json())
    AS p (pid integer, kind text, id uuid, owner oid, phase text, rows bigint, bytes bigint, expected_rows bigint,
          rows_per_second double precision, started_at timestamptz)
LEFT JOIN connector.syncs s ON p.kind = 'sync' AND s.id = p.id
LEFT JOIN connector.imports i ON p.kind = 'import' AND i.item_queue_id = p.id;
GRANT SELECT ON connector.progress TO PUBLIC;

-- Syncing

CREATE FUNCTION cdb_sync_connector(connector json, "interval" interval DEFAULT NULL) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_create';
COMMENT ON FUNCTION cdb_sync_connector(json, interval) IS
    'imports a table or query of a remote database and refreshes the local table again and again';

CREATE FUNCTION cdb_sync_status(id uuid) RETURNS json
    LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_status';
COMMENT ON FUNCTION cdb_sync_status(uuid) IS 'tells the state of a sync';

CREATE FUNCTION cdb_sync_now(id uuid, wait boolean DEFAULT false) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_now';
COMMENT ON FUNCTION cdb_sync_now(uuid, boolean) IS
    'asks for a run of a sync at once, or (wait) runs it in this transaction';

CREATE FUNCTION cdb_sync_update(id uuid, "interval" interval DEFAULT NULL, connector json DEFAULT NULL) RETURNS json
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_update';
COMMENT ON FUNCTION cdb_sync_update(uuid, interval, json) IS 'changes the interval or the request of a sync';

CREATE FUNCTION cdb_sync_pause(id uuid) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_pause';
COMMENT ON FUNCTION cdb_sync_pause(uuid) IS 'stops the clock of a sync';

CREATE FUNCTION cdb_sync_resume(id uuid) RETURNS json
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_resume';
COMMENT ON FUNCTION cdb_sync_resume(uuid) IS 'lets a paused sync, or one that gave up after failures, go on';

CREATE FUNCTION cdb_sync_delete(id uuid) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_sync_delete';
COMMENT ON FUNCTION cdb_sync_delete(uuid) IS 'forgets a sync and its password; the table stays';

CREATE PROCEDURE cdb_run_due_syncs(max_runs integer DEFAULT NULL)
    LANGUAGE c AS 'MODULE_PATHNAME', 'connector_run_due_syncs';
COMMENT ON PROCEDURE cdb_run_due_syncs(integer) IS
    'runs the syncs that are due, each in a transaction of its own: for pg_cron and the like';
