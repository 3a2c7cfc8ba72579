-- Recipe: look at a remote before anything is imported: check, list of tables, dry run.
\ir common/recipe.sql
BEGIN;
SELECT plan(12);
\if :has_remote

SELECT is(cdb_connector_check(pg_temp.request())::text, '{"connected":true}', 'a check connects and logs in');

SELECT results_eq('SELECT name, kind FROM cdb_connector_tables(pg_temp.request())',
                  $$VALUES ('customers', 'table'), ('open_orders', 'view'), ('orders', 'table')$$,
                  'the tables and views of the remote schema');
SELECT is(count(*), 2::bigint, 'a limit cuts the list') FROM cdb_connector_tables(pg_temp.request(), 2);

CREATE TEMPORARY TABLE dry AS SELECT cdb_connector_dry_run(pg_temp.request('{"table": "orders"}')) AS answer;
SELECT is(answer ->> 'table_name', 'orders', 'a dry run tells the name that is wanted') FROM dry;
SELECT results_eq($$SELECT c ->> 'name', c ->> 'type', (c ->> 'not_null')::boolean FROM dry, json_array_elements(answer -> 'columns') c$$,
                  $$VALUES ('id', 'bigint', true), ('customer_id', 'integer', true), ('state', 'text', true),
                           ('price', 'numeric(10,2)', true), ('ordered_at', 'timestamp with time zone', true),
                           ('details', 'jsonb', false)$$,
                  'the columns, with types and NOT NULL');
SELECT is(answer ->> 'primary_key', '["id"]', 'the primary key') FROM dry;
SELECT is(json_array_length(answer -> 'rows'), 4, 'and the first rows') FROM dry;
SELECT is(json_array_length(cdb_connector_dry_run(pg_temp.request('{"table": "orders"}'), 1) -> 'rows'), 1, 'as many as are asked for');
SELECT ok(NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'connector_pgtap_copy'), 'nothing was made');
SELECT is_empty($$SELECT FROM connector.imports WHERE schema = 'connector_pgtap_copy'$$, 'nor recorded');

SELECT throws_ok($$SELECT cdb_connector_check(pg_temp.request('{"connection": {"server": "127.0.0.1", "port": 1, "database": "x",
                                                                              "username": "x"}}'))$$,
                 'HV00N', NULL, 'where nobody listens a check fails');
SELECT throws_ok($$SELECT cdb_connector_dry_run(pg_temp.request('{"table": "nosuch"}'))$$, 'HV00L', NULL,
                 'a table that is not there fails a dry run');

\else
SELECT skip(:'no_remote', 12);
\endif
SELECT * FROM finish();
ROLLBACK;
\ir remote/teardown.sql
