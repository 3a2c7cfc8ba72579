-- Syncs: what is refused, what is shown, without any remote.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
\set SHOW_CONTEXT never
\set request '{"provider": "mysql", "table": "t", "connection": {"server": "127.0.0.1", "port": 1, "username": "u", "password": "hush"}}'
-- Refused before anything is contacted.
SELECT cdb_sync_connector('{"provider": "mysql"}');
SELECT cdb_sync_connector(:'request', '14 minutes');
SELECT cdb_sync_connector(:'request', '-1 hour');
SELECT cdb_sync_connector('{"connector": {"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}, "interval": 1.5}');
SELECT cdb_sync_connector('{"connector": {"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}, "interval": "often"}');
SELECT cdb_sync_connector('{"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}, "sync": {"mode": "append"}}');
SELECT cdb_sync_connector('{"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}, "interval": 900}');
SELECT cdb_sync_connector(NULL);
-- Without the scheduler a NOTICE says so.
RESET client_min_messages;
SELECT cdb_sync_connector(:'request') ->> 'id' AS id \gset
SET client_min_messages = warning;
SELECT key, value FROM json_each_text(cdb_sync_status(:'id'))
WHERE key NOT IN ('id', 'data_import', 'created_at', 'updated_at', 'run_at');
SELECT cdb_import_status((cdb_sync_status(:'id') -> 'data_import' ->> 'item_queue_id')::uuid) ->> 'state' AS first_import;
-- Literals of both kinds are accepted, and so is the wrapped form.
SELECT cdb_sync_connector(:'request', '15 minutes', 'a') ->> 'interval' AS a, cdb_sync_connector(:'request', '900', name => 'b') ->> 'interval' AS b,
       cdb_sync_connector('{"interval": 7200, "connector": {"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}}') ->> 'interval' AS c;
-- A failed run is told and recorded.
SELECT cdb_sync_now(:'id', wait => true)::jsonb - 'synchronization_id' - 'error_message' AS answer;
SELECT state, error_code, retried_times, run_at IS NOT NULL AS tried_again FROM connector.syncs WHERE id = :'id';
SELECT state, error_code, sqlstate, mode, rows FROM connector.runs WHERE sync_id = :'id';
SELECT cdb_import_status((cdb_sync_status(:'id') -> 'data_import' ->> 'item_queue_id')::uuid) ->> 'state' AS first_import;
-- Life
SELECT cdb_sync_pause(:'id') ->> 'paused' AS paused;
SELECT cdb_sync_resume(:'id') ->> 'paused' AS paused;
SELECT cdb_sync_update(:'id', '1 minute');
SELECT cdb_sync_update(:'id', '2 days') ->> 'interval' AS seconds;
SELECT cdb_sync_now('00000000-0000-4000-8000-000000000000');
SELECT cdb_sync_status(NULL);
-- The password is in one place.
SELECT count(*) FROM connector.sync s WHERE s::text LIKE '%hush%';
SELECT count(*) FROM connector.syncs s WHERE s::text LIKE '%hush%';
SELECT count(*) FROM connector.imports i WHERE i::text LIKE '%hush%';
SELECT count(*) FROM connector.sync_secret x WHERE x::text LIKE '%hush%';
CREATE ROLE connector_reader IN ROLE pg_read_all_data;
SET ROLE connector_reader;
SELECT count(*) FROM connector.sync_secret;
RESET ROLE;
DROP ROLE connector_reader;
-- Runs need a transaction of their own.
BEGIN;
CALL cdb_run_due_syncs();
ROLLBACK;
BEGIN READ ONLY;
SELECT cdb_sync_connector(:'request');
ROLLBACK;
SELECT cdb_sync_delete(id) FROM connector.syncs;
SELECT (SELECT count(*) FROM connector.syncs) AS syncs, (SELECT count(*) FROM connector.runs) AS runs,
       (SELECT count(*) FROM connector.sync_secret) AS secrets;
CALL cdb_run_due_syncs();
DELETE FROM connector.import;
