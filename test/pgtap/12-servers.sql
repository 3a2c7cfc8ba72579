-- Recipe: a named server with a user mapping, and an ordinary role that uses it and never sees the password.
\ir common/recipe.sql
BEGIN;
SELECT plan(14);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;
\ir common/etl_role.sql
\ir common/named_server.sql
SET LOCAL connector.allow_local_addresses = on;
DO $$ BEGIN PERFORM pg_temp.make_named_server('connector_pgtap_etl'); END $$;

CREATE TEMPORARY TABLE request AS SELECT json_build_object(
    'connection', 'connector_pgtap_server', 'schema', 'connector_pgtap_shop', 'target_schema', 'connector_pgtap_copy',
    'table', 'orders')::text AS text;
SELECT format('SELECT cdb_import_connector(%L)', text) AS import, format('SELECT cdb_connector_check(%L)', text) AS check
FROM request \gset

-- What is missing is told one by one.
SELECT throws_ok(format('SELECT pg_temp.as_role(''connector_pgtap_etl'', %L)', :'check'), '42501',
                 'permission denied for foreign server connector_pgtap_server', 'USAGE on the server is needed');
GRANT USAGE ON FOREIGN SERVER connector_pgtap_server TO connector_pgtap_etl;
SELECT is(pg_temp.as_role('connector_pgtap_etl', :'check'), '{"connected":true}', 'and enough to connect');
SELECT throws_ok(format('SELECT pg_temp.as_role(''connector_pgtap_etl'', %L)', :'import'), '42501',
                 'permission denied for schema connector_pgtap_copy', 'the target schema is needed, too');
GRANT USAGE, CREATE ON SCHEMA connector_pgtap_copy TO connector_pgtap_etl;
SELECT is(pg_temp.as_role('connector_pgtap_etl', :'import')::json ->> 'rows', '4', 'then the role imports');
SELECT table_owner_is('connector_pgtap_copy', 'orders', 'connector_pgtap_etl', 'what it imports is its own');
SELECT throws_ok(:'check', 'HV024', NULL, 'a role that has no mapping, even a superuser, is told so');

SELECT is(pg_temp.as_role('connector_pgtap_etl', 'SELECT count(*) FROM connector.imports'), '1', 'the role sees its import');
CREATE ROLE connector_pgtap_other;
SELECT is(pg_temp.as_role('connector_pgtap_other', 'SELECT count(*) FROM connector.imports'), '0', 'others do not');
SELECT is_empty($$SELECT FROM connector.imports i
                  WHERE i::text LIKE '%' || (current_setting('connector_pgtap.connection')::json ->> 'password') || '%'$$,
                'the password is in no import');

-- A connection of one's own is another right.
SELECT throws_ok(format('SELECT pg_temp.as_role(''connector_pgtap_etl'', %L)',
                        format('SELECT cdb_connector_check(%L)', pg_temp.request())),
                 '42501', NULL, 'a connection in the request needs USAGE on the wrapper');
GRANT USAGE ON FOREIGN DATA WRAPPER connector TO connector_pgtap_etl;
SELECT is(pg_temp.as_role('connector_pgtap_etl', format('SELECT cdb_connector_check(%L)', pg_temp.request())),
          '{"connected":true}', 'which is granted so');
SET LOCAL connector.allow_local_addresses = off;
SELECT throws_ok(format('SELECT pg_temp.as_role(''connector_pgtap_etl'', %L)', :'check'), 'HV00N', NULL,
                 'the database server itself is for superusers unless it is allowed');
SET LOCAL connector.allowed_hosts = '127.0.0.1';
SELECT is(pg_temp.as_role('connector_pgtap_etl', :'check'), '{"connected":true}', 'a list of hosts can have it');
SET LOCAL connector.allowed_hosts = '192.0.2.1';
SELECT throws_ok(format('SELECT pg_temp.as_role(''connector_pgtap_etl'', %L)', :'check'), 'HV00N', NULL,
                 'and then it is complete');

\else
SELECT skip(:'no_remote', 14);
\endif
SELECT * FROM finish();
ROLLBACK;
\ir remote/teardown.sql
