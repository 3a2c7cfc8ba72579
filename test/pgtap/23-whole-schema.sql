-- Recipe: all tables of a remote schema, by workers in the background or by CALL cdb_run_due_syncs().
-- What is queued is committed; remote/teardown.sql cleans up.
\ir common/recipe.sql
\ir common/background.sql
SELECT plan(15);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;

CREATE TEMPORARY TABLE queued AS SELECT * FROM cdb_import_tables(pg_temp.request('{"keep": ["foreign_keys", "indexes"]}'), ARRAY['*', '!open*']);
SELECT results_eq('SELECT name, table_name, problem FROM queued ORDER BY name',
                  $$VALUES ('customers', 'customers', NULL::text), ('orders', 'orders', NULL)$$,
                  'an import is queued for each table that matches');
SELECT is(count(DISTINCT batch_id), 1::bigint, 'of one batch') FROM queued;
CALL cdb_run_due_syncs();
SELECT ok(pg_temp.wait_for('SELECT bool_and(ended_at IS NOT NULL) FROM connector.imports JOIN queued USING (item_queue_id)'),
          'all of them end');
SELECT set_eq('SELECT state FROM connector.imports JOIN queued USING (item_queue_id)', ARRAY['complete'], 'well');
SELECT is(cdb_import_status(item_queue_id) ->> 'success', 'true', 'so says the status of ' || name) FROM queued ORDER BY name;
SELECT results_eq('SELECT * FROM connector_pgtap_copy.customers ORDER BY id', 'SELECT * FROM connector_pgtap_shop.customers ORDER BY id',
                  'the rows are there');
SELECT ok(pg_temp.wait_for($$SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f'
                                             AND conrelid = 'connector_pgtap_copy.orders'::regclass)$$),
          'and at the end the foreign keys between them');
SELECT is_empty('SELECT i.problem FROM connector.imports i JOIN queued USING (item_queue_id) WHERE i.problem IS NOT NULL', 'without a problem');

CREATE TEMPORARY TABLE again AS SELECT * FROM cdb_import_tables(pg_temp.request(), ARRAY['orders', 'nosuch']);
SELECT is(count(*), 2::bigint, 'the same call again') FROM again;
SELECT is((item_queue_id IS NULL, synchronization_id IS NULL)::text, '(t,t)', 'leaves what is there as it is') FROM again WHERE name = 'orders';
SELECT isnt(problem, NULL, 'and tells what the remote does not have') FROM again WHERE name = 'nosuch';
SELECT throws_ok($$SELECT cdb_import_tables(pg_temp.request('{"table": "orders"}'))$$, 'HV024', NULL, 'one table has no place in it');

BEGIN;
SELECT item_queue_id AS waiting FROM cdb_import_tables(pg_temp.request(), ARRAY['open_orders']) \gset
SELECT is(cdb_import_cancel(:'waiting') ->> 'cancelled', 'true', 'an import that waits can be cancelled');
SELECT is((state, error_code)::text, '(failure,6672)', 'which is its failure') FROM connector.imports WHERE item_queue_id = :'waiting';
COMMIT;

\else
SELECT skip(:'no_remote', 15);
\endif
SELECT * FROM finish();
\ir remote/teardown.sql
