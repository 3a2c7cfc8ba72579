-- Wrong use of each function: what is not there, what is NULL, what is out of range, and what only the extension calls.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
\set SHOW_CONTEXT never
\set nobody 00000000-0000-4000-8000-000000000001
-- Ids and names that there are not
SELECT cdb_import_status(:'nobody');
SELECT cdb_import_cancel(:'nobody');
SELECT cdb_sync_status(:'nobody'::uuid);
SELECT cdb_sync_now(:'nobody'::uuid);
SELECT cdb_sync_update(:'nobody'::uuid, '1 hour');
SELECT cdb_sync_cancel(:'nobody'::uuid);
SELECT cdb_sync_pause(:'nobody'::uuid);
SELECT cdb_sync_resume(:'nobody'::uuid);
SELECT cdb_sync_delete(:'nobody'::uuid);
SELECT cdb_sync_status('nosuch');
SELECT cdb_sync_now('nosuch');
SELECT cdb_sync_update('nosuch', '1 hour');
SELECT cdb_sync_cancel('nosuch');
SELECT cdb_sync_pause('nosuch');
SELECT cdb_sync_resume('nosuch');
SELECT cdb_sync_delete('nosuch');
SELECT cdb_api_key_revoke(:'nobody');
SELECT cdb_connector_info('nosuch');
SELECT cdb_connector_schema('nosuch');
SELECT cdb_foreign_disconnect('nosuch');
-- NULL where something is needed
SELECT cdb_import_connector(NULL);
SELECT cdb_import_connector('{}', NULL);
SELECT cdb_import_tables(NULL);
SELECT cdb_import_cancel(NULL);
SELECT cdb_sync_connector(NULL);
SELECT cdb_sync_now(NULL::uuid);
SELECT cdb_sync_update(NULL::text);
SELECT cdb_sync_cancel(NULL::uuid);
SELECT cdb_sync_pause(NULL::text);
SELECT cdb_sync_resume(NULL::uuid);
SELECT cdb_sync_delete(NULL::text);
SELECT cdb_foreign_table(NULL);
SELECT cdb_api_key_revoke(NULL);
SELECT cdb_connector_check(NULL);
SELECT cdb_connector_tables(NULL);
SELECT cdb_connector_dry_run(NULL);
-- Numbers
SELECT cdb_imports(-1);
SELECT cdb_imports(unfinished => NULL);
SELECT cdb_syncs(-1);
SELECT cdb_connector_tables('{"provider": "mysql", "connection": {"server": "h", "username": "u"}}', -1);
SELECT cdb_connector_dry_run('{"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}', -1);
CALL cdb_run_due_syncs(-1);
-- Whole schemas
SELECT cdb_import_tables('{"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}');
SELECT cdb_import_tables('{"provider": "mysql", "sync": {"mode": "merge"}, "connection": {"server": "h", "username": "u"}}');
SELECT cdb_import_tables('{"provider": "mysql", "connection": {"server": "h", "username": "u"}}', ARRAY['a', NULL]);
SELECT cdb_import_tables('{"provider": "mysql", "connection": {"server": "h", "username": "u"}}', NULL, '1 second');
-- What only the extension calls
SELECT connector.fdw_handler();
SELECT connector.fdw_validator(ARRAY['nosuch=1'], 'pg_foreign_server'::regclass);
SELECT connector.sync_restored();
SELECT * FROM connector.incoming_rows(1, 1) AS (a integer);
SELECT connector.add_api_key(NULL, 'label', sha256(''), '\x01', NULL);
SELECT connector.add_api_key(:'nobody', 'label', '\x00', '\x01', NULL);
SELECT connector.sealed_api_key(:'nobody');
SELECT connector.api_key_used(:'nobody');
SELECT connector.import_tables_json(NULL, NULL, NULL);
SELECT connector.tables_json('{}', 1);
SELECT connector.newest_imports(NULL, 1, 10);
SELECT connector.newest_imports('', -1, 10);
-- and what the views show
SELECT json_typeof(connector.my_limits_json()) AS limits, connector.progress_json() IS NOT NULL AS progress,
       json_typeof(connector.error_codes_json()) AS errors, connector.foreign_connections_json() IS NOT NULL AS connections,
       connector.has_scheduler() IS NOT NULL AS scheduler;
SELECT (cdb_connector_schema('mysql') ->> 'title') AS schema, json_typeof(cdb_connectors()) AS connectors;
SELECT connector.import_without_source() AS id \gset
SELECT state, provider, error_code FROM connector.imports WHERE item_queue_id = :'id';
DELETE FROM connector.import;
