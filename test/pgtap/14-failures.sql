-- Recipe: what a failure tells: SQLSTATE, message, detail with the error number, and what to do.
\ir common/recipe.sql
BEGIN;
SELECT plan(16);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;

CREATE TEMPORARY TABLE missing AS
SELECT * FROM pg_temp.failure($$SELECT cdb_import_connector(pg_temp.request('{"table": "nosuch"}'))$$);
SELECT is(state, 'HV00L', 'a table that is not there: SQLSTATE') FROM missing;
SELECT is(message, 'could not read table "connector_pgtap_shop"."nosuch": relation "connector_pgtap_shop.nosuch" does not exist',
          'the message has the remote''s own words') FROM missing;
SELECT matches(detail, E'^Provider postgres, phase describe, SQLSTATE 42P01\\.\nConnector error 1011\\.$',
               'the detail has provider, phase, the remote''s SQLSTATE and the number') FROM missing;
SELECT matches(hint, '\.$', 'the hint says what to do') FROM missing;

CREATE TEMPORARY TABLE denied AS
SELECT * FROM pg_temp.failure($$SELECT cdb_connector_check(
    jsonb_set(pg_temp.request()::jsonb, '{connection,password}', '"hush hush"')::json)$$);
SELECT is(state, 'HV00N', 'a denied login: SQLSTATE') FROM denied;
SELECT matches(detail, 'Connector error 1012\.$', 'and number') FROM denied;
SELECT unalike(message || detail || coalesce(hint, ''), '%hush hush%', 'but never the password') FROM denied;

CREATE TEMPORARY TABLE wrong AS
SELECT * FROM pg_temp.failure($$SELECT cdb_import_connector(pg_temp.request('{"tabel": "orders", "max_rows": "many"}'))$$);
SELECT is(state, 'HV024', 'a wrong request: SQLSTATE') FROM wrong;
SELECT matches(detail, 'Connector error 1502\.$', 'and number') FROM wrong;
SELECT ok(concat(message, detail, hint) LIKE '%tabel%' AND concat(message, detail, hint) LIKE '%max_rows%',
          'all that is wrong is told at once') FROM wrong;

SELECT ok(bool_and(c.error_code IS NOT NULL), 'cdb_error_codes() knows these numbers with these SQLSTATEs')
FROM (SELECT * FROM missing UNION ALL SELECT * FROM denied UNION ALL SELECT * FROM wrong) f
LEFT JOIN cdb_error_codes() c ON c.sqlstate = f.state AND f.detail LIKE '%Connector error ' || c.error_code || '.';

SELECT is(relations, 0::bigint, 'nothing is left of an import that failed')
FROM (SELECT count(*) AS relations FROM pg_class WHERE relnamespace = 'connector_pgtap_copy'::regnamespace) left_over;

-- A value that the chosen type can't hold.
SELECT throws_ok($$SELECT cdb_import_connector(pg_temp.request('{"table": "orders", "columns": {"price": "smallint"}}'))$$,
                 '22000', NULL, 'a value that does not fit fails the import');
SELECT is(cdb_import_connector(pg_temp.request('{"table": "orders", "columns": {"price": "smallint"}, "invalid_values": "null"}'))
          -> 'warnings' -> 'invalid_values' ->> 'price', '1', 'or becomes NULL, and is counted');

-- What does not go on can't be cancelled, and ids that are unknown are errors.
SELECT throws_ok('SELECT cdb_import_cancel(gen_random_uuid())', 'HV024', NULL, 'an import that there is not can''t be cancelled');
SELECT throws_ok('SELECT cdb_import_status(gen_random_uuid())', 'HV024', NULL, 'nor asked for');

\else
SELECT skip(:'no_remote', 16);
\endif
SELECT * FROM finish();
ROLLBACK;
\ir remote/teardown.sql
