-- What 1.0.0 has that 0.9.0 had not.
\echo Use "ALTER EXTENSION connector UPDATE TO '1.0.0'" to load this file. \quit

-- As in the script of the extension itself: names without a schema are PostgreSQL's own.
SET LOCAL search_path = pg_catalog, pg_temp;

-- New columns stand at the end, so that views upon this one stay.
CREATE OR REPLACE VIEW connector.syncs WITH (security_barrier) AS
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

COMMENT ON COLUMN connector.syncs.last_state IS
    'how the last run that ended did, success or failure, whatever goes on now; NULL if none has ended';
COMMENT ON COLUMN connector.syncs.last_ended_at IS 'when it ended';
COMMENT ON COLUMN connector.syncs.last_duration IS 'how long it took';
COMMENT ON COLUMN connector.syncs.last_mode IS 'what it did, see connector.runs.mode';
COMMENT ON COLUMN connector.syncs.last_rows IS 'rows that it read';
COMMENT ON COLUMN connector.syncs.last_error_code IS
    'number of its failure, see cdb_error_codes(); also while the next run waits or goes on';
COMMENT ON COLUMN connector.syncs.last_sqlstate IS 'SQLSTATE of its failure';
COMMENT ON COLUMN connector.syncs.last_error_message IS 'message of its failure';
COMMENT ON COLUMN connector.syncs.last_error_detail IS 'detail of its failure';
COMMENT ON COLUMN connector.syncs.last_error_hint IS 'what to do about its failure';

-- For those who show them: the newest imports, first runs of syncs aside, in which a text is found, and how many there
-- are, counted up to `most`.
CREATE FUNCTION connector.newest_imports(search text, "limit" integer, most integer)
    RETURNS TABLE (item_queue_id uuid, found bigint)
    LANGUAGE c STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'connector_newest_imports';
COMMENT ON FUNCTION connector.newest_imports(text, integer, integer) IS
    'internal: ids of imports that the role sees, newest first, no first runs of syncs, in which the text is found';

-- Whether due syncs and queued imports of the current role are run by themselves.
CREATE FUNCTION connector.has_scheduler() RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'connector_has_scheduler';
COMMENT ON FUNCTION connector.has_scheduler() IS
    'internal: whether due syncs and queued imports of the current role are run by themselves';

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
