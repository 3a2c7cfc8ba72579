-- Each function and procedure as its users know it, and no other. A line here for each: functions for everybody without a
-- schema, those of the extension's own schema with it. REVOKED: nobody but the owner may call it unless it is granted.
\ir common/session.sql
BEGIN;
\ir common/members.sql

CREATE TEMPORARY TABLE expected (line text);
COPY expected FROM stdin;
cdb_api_key_revoke(id uuid) RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_api_keys() RETURNS TABLE(id uuid, role_name text, label text, created_at timestamp with time zone, expires_at timestamp with time zone, last_used_at timestamp with time zone) LANGUAGE c STABLE PARALLEL UNSAFE
cdb_connector_check(connector json) RETURNS json LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
cdb_connector_dry_run(connector json, preview_rows integer DEFAULT 10) RETURNS json LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
cdb_connector_info(provider text) RETURNS json LANGUAGE c STABLE STRICT PARALLEL SAFE
cdb_connector_schema(provider text) RETURNS json LANGUAGE c STABLE STRICT PARALLEL SAFE
cdb_connector_tables(connector json, "limit" integer DEFAULT 500) RETURNS TABLE(schema text, name text, kind text, estimated_rows bigint) LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
cdb_connectors() RETURNS json LANGUAGE c STABLE PARALLEL UNSAFE
cdb_error_codes() RETURNS TABLE(error_code integer, title text, what_to_do text, who text, sqlstate text) LANGUAGE sql STABLE PARALLEL SAFE
cdb_foreign_connections() RETURNS TABLE(server text, role text, provider text, in_use boolean, in_transaction boolean, since timestamp with time zone) LANGUAGE sql VOLATILE PARALLEL UNSAFE
cdb_foreign_disconnect(server text DEFAULT NULL::text) RETURNS bigint LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_foreign_table(connector json) RETURNS regclass LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_import_cancel(item_queue_id uuid) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_import_connector(connector json, wait boolean DEFAULT true) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_import_status(item_queue_id uuid) RETURNS json LANGUAGE c STABLE STRICT PARALLEL UNSAFE
cdb_import_tables(connector json, tables text[] DEFAULT NULL::text[], "interval" interval DEFAULT NULL::interval) RETURNS TABLE(schema text, name text, table_name text, item_queue_id uuid, synchronization_id uuid, batch_id uuid, problem text) LANGUAGE sql VOLATILE PARALLEL UNSAFE
cdb_imports("limit" integer DEFAULT 100, before uuid DEFAULT NULL::uuid, unfinished boolean DEFAULT false) RETURNS SETOF json LANGUAGE c STABLE PARALLEL UNSAFE
cdb_run_due_syncs(IN max_runs integer DEFAULT NULL::integer) PROCEDURE LANGUAGE c
cdb_server_drop(name text) RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_server_save(name text, connector json) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_servers() RETURNS TABLE(name text, provider text, owner text, may_change boolean, connection json, used_by bigint) LANGUAGE c STABLE PARALLEL UNSAFE
cdb_sync_cancel(id text) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_cancel(id uuid) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_connector(connector json, "interval" interval DEFAULT NULL::interval, name text DEFAULT NULL::text) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_delete(id text) RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_delete(id uuid) RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_now(id text, wait boolean DEFAULT false, raise boolean DEFAULT false) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_now(id uuid, wait boolean DEFAULT false, raise boolean DEFAULT false) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_pause(id text) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_pause(id uuid) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_resume(id text) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_resume(id uuid) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_status(id text) RETURNS json LANGUAGE c STABLE STRICT PARALLEL UNSAFE
cdb_sync_status(id uuid) RETURNS json LANGUAGE c STABLE STRICT PARALLEL UNSAFE
cdb_sync_update(id text, "interval" interval DEFAULT NULL::interval, connector json DEFAULT NULL::json, name text DEFAULT NULL::text) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_sync_update(id uuid, "interval" interval DEFAULT NULL::interval, connector json DEFAULT NULL::json, name text DEFAULT NULL::text) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
cdb_syncs("limit" integer DEFAULT NULL::integer, before uuid DEFAULT NULL::uuid) RETURNS SETOF json LANGUAGE c STABLE PARALLEL UNSAFE
connector.add_api_key(id uuid, label text, secret_hash bytea, sealed bytea, expires_at timestamp with time zone) RETURNS void LANGUAGE c VOLATILE PARALLEL UNSAFE
connector.api_key_used(id uuid) RETURNS boolean LANGUAGE c VOLATILE PARALLEL UNSAFE
connector.error_codes_json() RETURNS json LANGUAGE c IMMUTABLE PARALLEL SAFE
connector.fdw_handler() RETURNS fdw_handler LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE REVOKED
connector.fdw_validator(text[], oid) RETURNS void LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE REVOKED
connector.foreign_connections_json() RETURNS json LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
connector.has_scheduler() RETURNS boolean LANGUAGE c STABLE PARALLEL RESTRICTED
connector.import_tables_json(connector json, tables text[], "interval" interval) RETURNS json LANGUAGE c VOLATILE PARALLEL UNSAFE
connector.import_without_source() RETURNS uuid LANGUAGE c VOLATILE PARALLEL UNSAFE
connector.incoming_rows(secret bigint, before bigint) RETURNS SETOF record LANGUAGE c VOLATILE PARALLEL UNSAFE
connector.my_limits_json() RETURNS json LANGUAGE c STABLE PARALLEL UNSAFE
connector.newest_imports(search text, "limit" integer, most integer) RETURNS TABLE(item_queue_id uuid, found bigint) LANGUAGE c STABLE PARALLEL UNSAFE
connector.progress_json() RETURNS json LANGUAGE c VOLATILE PARALLEL RESTRICTED
connector.sealed_api_key(id uuid) RETURNS TABLE(role_name text, secret_hash bytea, sealed bytea, expires_at timestamp with time zone) LANGUAGE c STABLE PARALLEL UNSAFE REVOKED
connector.sync_restored() RETURNS trigger LANGUAGE c VOLATILE PARALLEL UNSAFE REVOKED
connector.tables_json(connector json, max_tables integer) RETURNS json LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
\.

CREATE TEMPORARY VIEW actual AS
SELECT concat_ws(' ',
         CASE p.pronamespace WHEN 'connector'::regnamespace THEN 'connector.' WHEN e.extnamespace THEN '' ELSE 'elsewhere.' END
           || p.proname || '(' || pg_get_function_arguments(p.oid) || ')',
         CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'f' THEN 'RETURNS ' || pg_get_function_result(p.oid) END,
         'LANGUAGE ' || l.lanname,
         CASE WHEN p.prokind <> 'p'
              THEN CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' WHEN 'v' THEN 'VOLATILE' END END,
         CASE WHEN p.proisstrict THEN 'STRICT' END,
         CASE WHEN p.prokind <> 'p'
              THEN CASE p.proparallel WHEN 's' THEN 'PARALLEL SAFE' WHEN 'r' THEN 'PARALLEL RESTRICTED'
                                      WHEN 'u' THEN 'PARALLEL UNSAFE' END END,
         CASE WHEN p.proleakproof THEN 'LEAKPROOF' END,
         CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END,
         CASE WHEN NOT has_function_privilege('public', p.oid, 'EXECUTE') THEN 'REVOKED' END) AS line,
       p.oid::regprocedure AS function,
       p.pronamespace = 'connector'::regnamespace AS internal,
       obj_description(p.oid, 'pg_proc') AS comment
FROM member m
JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
JOIN pg_language l ON l.oid = p.prolang
JOIN pg_extension e ON e.extname = 'connector';

SELECT plan(3 + count(*)::integer) FROM expected;

-- Functions of one name differ in their first argument.
SELECT is(a.line, e.line, split_part(e.line, ' RETURNS', 1))
FROM expected e
LEFT JOIN actual a ON substring(a.line FROM '^[^,)]*') = substring(e.line FROM '^[^,)]*')
ORDER BY e.line;

SELECT is_empty('SELECT line FROM actual EXCEPT SELECT line FROM expected', 'there is no other function');
SELECT is_empty($$SELECT function FROM actual WHERE comment IS NULL OR comment !~ '^[a-z].*[^.]$'$$,
                'each has a comment, which is no sentence');
SELECT is_empty($$SELECT function, comment FROM actual WHERE internal <> (comment LIKE 'internal: %')$$,
                'the comments of those in the schema connector say that they are internal, and no others do');

SELECT * FROM finish();
ROLLBACK;
