-- Recipe: a table that is kept up to date by replace, merge and append. The runs commit; remote/teardown.sql cleans up.
-- The syncs are paused, so that no scheduler runs them beside.
\ir common/recipe.sql
SELECT plan(21);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;
CREATE FUNCTION pg_temp.make_sync(name text, more jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    sync constant json := cdb_sync_connector(pg_temp.request('{"table": "orders"}' || more), '1 hour', name);
BEGIN
    PERFORM cdb_sync_pause(name);
    RETURN sync ->> 'state';
END $$;
CREATE FUNCTION pg_temp.last_run(name text) RETURNS connector.runs LANGUAGE sql AS $$
    SELECT r.* FROM connector.runs r JOIN connector.syncs s ON s.log_id = r.id WHERE s.name = last_run.name
$$;

SELECT is(pg_temp.make_sync('connector_pgtap_replace', '{}'), 'created', 'a sync is made without contacting the remote');
SELECT is(cdb_sync_now('connector_pgtap_replace', wait => true) ->> 'state', 'success', 'its first run');
SELECT is((pg_temp.last_run('connector_pgtap_replace')).mode, 'import', 'is an import');
SELECT results_eq('SELECT * FROM connector_pgtap_copy.orders ORDER BY id', 'SELECT * FROM connector_pgtap_shop.orders ORDER BY id',
                  'that makes the table');
SELECT pg_temp.make_sync('connector_pgtap_merge', '{"import_as": "merged", "sync": {"mode": "merge"}}') AS made,
       pg_temp.make_sync('connector_pgtap_append', '{"import_as": "appended", "sync": {"mode": "append", "cursor": "id"}}') AS appended \gset
SELECT is(cdb_sync_now('connector_pgtap_merge', wait => true) ->> 'state', 'success', 'that of a merge');
SELECT is(cdb_sync_now('connector_pgtap_append', wait => true) ->> 'state', 'success', 'and that of an append');

-- What hangs on the table, and what changes at the source.
SELECT 'connector_pgtap_copy.orders'::regclass::oid AS table_oid \gset
CREATE VIEW connector_pgtap_copy.prices AS SELECT sum(price) AS total FROM connector_pgtap_copy.orders;
CREATE INDEX own_index ON connector_pgtap_copy.orders (price);
INSERT INTO connector_pgtap_shop.orders VALUES (5, 2, 'open', 5, '2024-03-04 00:00+00');
UPDATE connector_pgtap_shop.orders SET state = 'paid' WHERE id = 1;
DELETE FROM connector_pgtap_shop.orders WHERE id = 2;

SELECT is(cdb_sync_now('connector_pgtap_replace', wait => true) ->> 'state', 'success', 'a later run of a replace');
SELECT is((pg_temp.last_run('connector_pgtap_replace')).mode, 'swap', 'is a swap');
SELECT results_eq('SELECT * FROM connector_pgtap_copy.orders ORDER BY id', 'SELECT * FROM connector_pgtap_shop.orders ORDER BY id',
                  'the table is as the source is now');
SELECT is('connector_pgtap_copy.orders'::regclass::oid, :'table_oid'::oid, 'it is the same table');
SELECT results_eq('SELECT total FROM connector_pgtap_copy.prices', 'SELECT sum(price) FROM connector_pgtap_shop.orders',
                  'with its views');
SELECT has_index('connector_pgtap_copy', 'orders', 'own_index', ARRAY['price'], 'and indexes');

SELECT is(cdb_sync_now('connector_pgtap_merge', wait => true) ->> 'state', 'success', 'a later run of a merge');
SELECT is((r.mode, r.inserted, r.updated, r.deleted)::text, '(merge,1,1,1)', 'changes what differs, and nothing else')
FROM pg_temp.last_run('connector_pgtap_merge') r;
SELECT results_eq('SELECT * FROM connector_pgtap_copy.merged ORDER BY id', 'SELECT * FROM connector_pgtap_shop.orders ORDER BY id',
                  'the table is as the source is now');

SELECT is(cdb_sync_now('connector_pgtap_append', wait => true) ->> 'state', 'success', 'a later run of an append');
SELECT is((r.mode, r.inserted, r.deleted)::text, '(append,1,0)', 'adds what is new') FROM pg_temp.last_run('connector_pgtap_append') r;
SELECT results_eq('SELECT id FROM connector_pgtap_copy.appended ORDER BY id', ARRAY[1, 2, 3, 4, 5]::bigint[], 'and keeps the rest');

SELECT is((successes, failures, rows_read)::text, '(2,0,8)', 'the sync counts its runs and rows')
FROM connector.syncs WHERE name = 'connector_pgtap_replace';
SELECT is_empty($$SELECT FROM connector.syncs s
                  WHERE s::text LIKE '%' || (current_setting('connector_pgtap.connection')::json ->> 'password') || '%'$$,
                'no sync shows the password');
SELECT is(request -> 'connection' ->> 'password', '********', 'which is there, masked')
FROM connector.syncs WHERE name = 'connector_pgtap_replace';

\else
SELECT skip(:'no_remote', 21);
\endif
SELECT * FROM finish();
\ir remote/teardown.sql
