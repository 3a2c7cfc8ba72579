-- Recipe: foreign tables, which are read live: one table, a whole schema, conditions that go to the remote, joins.
\ir common/recipe.sql
BEGIN;
SELECT plan(17);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;
\ir common/named_server.sql
DO $$ BEGIN PERFORM pg_temp.make_named_server(current_user); END $$;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END $$;

SELECT is(cdb_foreign_table('{"connection": "connector_pgtap_server", "schema": "connector_pgtap_shop", "table": "orders",
                              "target_schema": "connector_pgtap_copy", "import_as": "live_orders"}')::text,
          'connector_pgtap_copy.live_orders', 'cdb_foreign_table() makes one');
SELECT foreign_table_owner_is('connector_pgtap_copy', 'live_orders', current_user, 'it is the caller''s');
SELECT results_eq('SELECT * FROM connector_pgtap_copy.live_orders ORDER BY id', 'SELECT * FROM connector_pgtap_shop.orders ORDER BY id',
                  'it shows the rows of the source');
SELECT throws_ok($$DELETE FROM connector_pgtap_copy.live_orders$$, NULL, NULL, 'and can''t be written to');
SELECT throws_ok($$SELECT cdb_foreign_table(pg_temp.request('{"table": "orders"}'))$$, 'HV024', NULL,
                 'a connection of one''s own makes none');

SELECT lives_ok($$IMPORT FOREIGN SCHEMA connector_pgtap_shop LIMIT TO (customers, orders)
                  FROM SERVER connector_pgtap_server INTO connector_pgtap_copy$$, 'IMPORT FOREIGN SCHEMA');
SELECT set_eq($$SELECT relname FROM pg_class WHERE relnamespace = 'connector_pgtap_copy'::regnamespace AND relkind = 'f'$$,
              ARRAY['customers', 'orders', 'live_orders'], 'makes those that are asked for');

SELECT alike(pg_temp.plan_of('SELECT price FROM connector_pgtap_copy.orders WHERE id = 2'), '%WHERE%"id"%=%2%', 'a condition is sent');
SELECT is(price, 0.01, 'and finds its row') FROM connector_pgtap_copy.orders WHERE id = 2;
SELECT results_eq($$SELECT c.name::text, sum(o.price) FROM connector_pgtap_copy.orders o
                    JOIN connector_pgtap_copy.customers c ON c.id = o.customer_id GROUP BY c.name ORDER BY c.name COLLATE "C"$$,
                  $$VALUES ('Ana', 10.51), ('Berta', 99999999.99), ('Cyril', 7.00)$$, 'foreign tables join');
CREATE TABLE connector_pgtap_copy.wanted AS SELECT 3::bigint AS id;
ANALYZE connector_pgtap_copy.wanted;
SELECT results_eq('SELECT o.price FROM connector_pgtap_copy.wanted JOIN connector_pgtap_copy.orders o USING (id)',
                  'VALUES (99999999.99)', 'and join local tables');
PREPARE by_state(text) AS SELECT count(*) FROM connector_pgtap_copy.orders WHERE state = $1;
SELECT results_eq($$EXECUTE by_state('paid')$$, ARRAY[2::bigint], 'parameters are sent');
ANALYZE connector_pgtap_copy.customers;
SELECT is(reltuples, 3::real, 'ANALYZE counts the rows') FROM pg_class WHERE oid = 'connector_pgtap_copy.customers'::regclass;

SELECT is((server, role, provider)::text, ('connector_pgtap_server', current_user, 'postgres')::text, 'the session keeps one connection')
FROM cdb_foreign_connections();
SELECT is(in_transaction, true, 'which is in the transaction') FROM cdb_foreign_connections();
SELECT is(cdb_foreign_disconnect(), 0::bigint, 'and stays until that ends');
SELECT throws_ok($$SELECT cdb_foreign_disconnect('connector_pgtap_nosuch')$$, '42704', NULL, 'a server that there is not is an error');

\else
SELECT skip(:'no_remote', 17);
\endif
SELECT * FROM finish();
ROLLBACK;
\ir remote/teardown.sql
