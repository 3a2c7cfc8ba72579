-- Recipe: import a table, a query with types, and what happens where a name is taken.
\ir common/recipe.sql
BEGIN;
SELECT plan(17);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;

CREATE TEMPORARY TABLE answer AS SELECT cdb_import_connector(pg_temp.request('{"table": "orders"}')) AS import;
SELECT is(import ->> 'state', 'complete', 'an import is complete when the call ends') FROM answer;
SELECT is((import ->> 'rows')::integer, 4, 'it tells how many rows came') FROM answer;
SELECT results_eq('SELECT * FROM connector_pgtap_copy.orders ORDER BY id', 'SELECT * FROM connector_pgtap_shop.orders ORDER BY id',
                  'the rows are those of the source');
SELECT col_is_pk('connector_pgtap_copy', 'orders', 'id', 'the primary key came along');
SELECT col_not_null('connector_pgtap_copy', 'orders', 'price', 'and so did NOT NULL');
SELECT is(col_description('connector_pgtap_copy.orders'::regclass, 1), 'order number', 'and comments');
SELECT is(cdb_import_status((import ->> 'item_queue_id')::uuid) ->> 'state', 'complete', 'its status can be asked for') FROM answer;
SELECT is(i.rows, 4::bigint, 'and the view connector.imports has it')
FROM connector.imports i JOIN answer ON i.item_queue_id = (import ->> 'item_queue_id')::uuid;
SELECT is(cdb_imports(1) ->> 'item_queue_id', import ->> 'item_queue_id', 'the newest in the list') FROM answer;

SELECT is(cdb_import_connector(pg_temp.request('{
              "sql_query": "SELECT id, state, price FROM connector_pgtap_shop.orders WHERE state = ''paid''",
              "import_as": "paid", "columns": {"id": "integer", "price": "double precision"}}')) ->> 'rows', '2',
          'a query brings its rows');
SELECT columns_are('connector_pgtap_copy', 'paid', ARRAY['id', 'price'], 'the columns that were chosen');
SELECT col_type_is('connector_pgtap_copy', 'paid', 'price', 'double precision', 'in the type that was chosen');

SELECT is(cdb_import_connector(pg_temp.request('{"table": "orders"}')) ->> 'table_name', 'orders_1',
          'a name that is taken gets a number');
SELECT is(cdb_import_connector(pg_temp.request('{"table": "orders", "collision_strategy": "skip"}')) ->> 'error_code', '1022',
          'or the import is skipped');
SELECT throws_ok($$SELECT cdb_import_connector(pg_temp.request('{"table": "orders", "collision_strategy": "error"}'))$$,
                 '42602', NULL, 'or fails');
SELECT is(cdb_import_connector(pg_temp.request('{"table": "open_orders", "import_as": "orders", "collision_strategy": "overwrite"}'))
          ->> 'rows', '1', 'or overwrites');

SELECT is(cdb_import_connector(pg_temp.request('{"table": "orders", "max_rows": 2}')) -> 'warnings' ->> 'max_rows_per_connection', '2',
          'an import that was cut says so');

\else
SELECT skip(:'no_remote', 17);
\endif
SELECT * FROM finish();
ROLLBACK;
\ir remote/teardown.sql
