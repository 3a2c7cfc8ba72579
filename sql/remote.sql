-- Ordinary use, with this very server as the remote, over TCP. Where it does not let itself in that way, the script ends
-- early: expected/remote_1.out.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
\set SHOW_CONTEXT never
CREATE ROLE connector_remote LOGIN PASSWORD 'of this test';
CREATE SCHEMA connector_shop AUTHORIZATION connector_remote;
CREATE TABLE connector_shop.orders (id bigint PRIMARY KEY, state text NOT NULL, price numeric(10,2));
CREATE TABLE connector_shop.customers (id integer PRIMARY KEY, name text);
INSERT INTO connector_shop.orders VALUES (1, 'open', 10.50), (2, 'paid', 0.01), (3, 'paid', NULL);
INSERT INTO connector_shop.customers VALUES (1, 'Ana');
GRANT SELECT ON ALL TABLES IN SCHEMA connector_shop TO connector_remote;
CREATE SCHEMA connector_copy;
CREATE FUNCTION request(more jsonb DEFAULT '{}') RETURNS json LANGUAGE sql AS $$
  SELECT (jsonb_build_object('provider', 'postgres', 'schema', 'connector_shop', 'target_schema', 'connector_copy',
    'connection', jsonb_build_object('server', '127.0.0.1', 'port', current_setting('port')::integer, 'database', current_database(),
      'username', 'connector_remote', 'password', 'of this test', 'sslmode', 'prefer')) || more)::json
$$;
CREATE FUNCTION clean() RETURNS void LANGUAGE sql AS $$
  SELECT cdb_sync_delete(id) FROM connector.syncs;
  DELETE FROM connector.import;
  DELETE FROM connector.import_batch;
$$;
CREATE FUNCTION can_connect() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM cdb_connector_check(request());
  RETURN true;
EXCEPTION WHEN OTHERS THEN
  RETURN false;
END $$;
SELECT NOT can_connect() AS alone \gset
\if :alone
DROP SCHEMA connector_shop, connector_copy CASCADE;
DROP FUNCTION request, clean, can_connect;
DROP ROLE connector_remote;
\quit
\endif
-- Looking
SELECT cdb_connector_check(request());
SELECT name, kind FROM cdb_connector_tables(request());
SELECT key, value FROM json_each(cdb_connector_dry_run(request('{"table": "orders"}'), 1)) WHERE key NOT IN ('estimated_rows');
-- Importing
SELECT cdb_import_connector(request('{"table": "orders"}')) ->> 'rows' AS rows;
TABLE connector_copy.orders ORDER BY id;
SELECT cdb_import_connector(request('{"sql_query": "SELECT id, price FROM connector_shop.orders WHERE state = ''paid''", "import_as": "paid"}'))
  ->> 'table_name' AS table_name;
SELECT cdb_import_status(item_queue_id) ->> 'state' AS state FROM connector.imports WHERE table_name = 'orders';
SELECT value ->> 'table_name' AS table_name FROM cdb_imports() AS value;
-- What waits is cancelled. Nothing waits any more when this commits.
BEGIN;
SELECT cdb_import_cancel((cdb_import_connector(request('{"table": "orders", "import_as": "later"}'), wait => false) ->> 'item_queue_id')::uuid)
  ->> 'cancelled' AS cancelled;
COMMIT;
SELECT state, error_code FROM connector.imports WHERE table_name = 'later';
-- A whole schema
CREATE TABLE batch AS SELECT * FROM cdb_import_tables(request(), ARRAY['*', '!orders']);
SELECT name, table_name, problem FROM batch;
CALL cdb_run_due_syncs();
DO $$
BEGIN
  FOR attempt IN 1 .. 1200 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM connector.imports WHERE ended_at IS NULL);
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT i.state, i.table_name, i.rows FROM connector.imports i JOIN batch USING (item_queue_id);
DROP TABLE batch;
-- Syncing
BEGIN;
SELECT cdb_sync_connector(request('{"table": "orders", "import_as": "synced"}'), '1 hour', 'a') ->> 'state' AS state;
SELECT cdb_sync_pause('a') ->> 'paused' AS paused;
COMMIT;
SELECT cdb_sync_now('a', wait => true)::jsonb - 'synchronization_id' AS answer;
INSERT INTO connector_shop.orders VALUES (4, 'open', 4);
SELECT cdb_sync_now(id, wait => true, raise => true)::jsonb - 'synchronization_id' AS answer FROM connector.syncs;
SELECT mode, rows FROM connector.runs ORDER BY started_at;
SELECT count(*) FROM connector_copy.synced;
SELECT cdb_sync_status('a') ->> 'state' AS by_name, cdb_sync_status(id) ->> 'state' AS by_id FROM connector.syncs;
BEGIN;
SELECT cdb_sync_now('a') ->> 'enqueued' AS enqueued;
SELECT cdb_sync_cancel('a') ->> 'cancelled' AS cancelled;
COMMIT;
SELECT cdb_sync_cancel(id) ->> 'cancelled' AS cancelled FROM connector.syncs;
SELECT cdb_sync_update(id, '2 hours') ->> 'interval' AS interval FROM connector.syncs;
SELECT cdb_sync_update('a', name => 'b') ->> 'sync_name' AS name;
SELECT cdb_sync_resume(id) ->> 'paused' AS paused FROM connector.syncs;
SELECT cdb_sync_pause(id) ->> 'paused' AS paused FROM connector.syncs;
SELECT cdb_sync_resume('b') ->> 'paused' AS paused;
SELECT value ->> 'sync_name' AS name FROM cdb_syncs() AS value;
SELECT cdb_sync_delete('b');
-- Foreign tables
DO $$
BEGIN
  EXECUTE format('CREATE SERVER connector_itself FOREIGN DATA WRAPPER connector OPTIONS (provider ''postgres'', server ''127.0.0.1'', port %L, database %L, sslmode ''prefer'')',
    current_setting('port'), current_database());
END $$;
CREATE USER MAPPING FOR CURRENT_USER SERVER connector_itself OPTIONS (username 'connector_remote', password 'of this test');
SELECT cdb_foreign_table('{"connection": "connector_itself", "schema": "connector_shop", "table": "orders", "target_schema": "connector_copy", "import_as": "live"}');
SELECT count(*), max(price) FROM connector_copy.live;
SELECT server, provider, in_use FROM cdb_foreign_connections();
SELECT cdb_foreign_disconnect('connector_itself');
SELECT cdb_foreign_disconnect();
-- Keys
SELECT gen_random_uuid() AS key \gset
SELECT connector.add_api_key(:'key', 'laptop', sha256('secret'), '\x01', NULL);
SELECT connector.api_key_used(:'key');
SELECT label, expires_at FROM cdb_api_keys();
SELECT sealed FROM connector.sealed_api_key(:'key');
SELECT cdb_api_key_revoke(:'key');
SELECT count(*) FROM cdb_api_keys();
SELECT clean();
DROP SERVER connector_itself CASCADE;
DROP SCHEMA connector_shop, connector_copy CASCADE;
DROP FUNCTION request, clean, can_connect;
DROP ROLE connector_remote;
