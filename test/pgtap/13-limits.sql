-- Recipe: limits of roles, by connector.role_limits and by the settings.
\ir common/recipe.sql
BEGIN;
SELECT plan(11);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;
\ir common/etl_role.sql
GRANT USAGE, CREATE ON SCHEMA connector_pgtap_copy TO connector_pgtap_etl;
GRANT USAGE ON FOREIGN DATA WRAPPER connector TO connector_pgtap_etl;
SET LOCAL connector.allow_local_addresses = on;
SELECT format('SELECT cdb_import_connector(%L)', pg_temp.request('{"table": "orders"}')) AS import \gset

SELECT throws_ok($$SELECT pg_temp.as_role('connector_pgtap_etl', 'SELECT count(*) FROM connector.role_limits')$$, '42501', NULL,
                 'limits are set by superusers');
INSERT INTO connector.role_limits (role_name, provider, max_rows) VALUES ('connector_pgtap_etl', 'postgres', 3);
SELECT is(pg_temp.as_role('connector_pgtap_etl', 'SELECT max_rows FROM connector.my_limits WHERE provider = ''postgres'''), '3',
          'a role sees its own');
SELECT is(pg_temp.as_role('connector_pgtap_etl', :'import')::json ->> 'rows', '3', 'and is bound by it');
SELECT throws_ok($$SELECT pg_temp.as_role('connector_pgtap_etl', 'SET connector.max_rows = 0')$$, '42501', NULL,
                 'no role sets the settings for itself');

INSERT INTO connector.role_limits (role_name, provider, max_syncs) VALUES ('connector_pgtap_etl', 'mysql', 0);
SELECT is(pg_temp.as_role('connector_pgtap_etl', 'SELECT max_syncs FROM connector.my_limits WHERE provider = ''mysql'''), '0',
          'a limit of syncs is for one provider, too');

UPDATE connector.role_limits SET enabled = false WHERE role_name = 'connector_pgtap_etl'::regrole;
SELECT throws_ok(format('SELECT pg_temp.as_role(''connector_pgtap_etl'', %L)', :'import'), '42501', NULL,
                 'a provider can be disabled for a role');
SELECT is(pg_temp.as_role('connector_pgtap_etl', 'SELECT cdb_connectors()')::json -> 'postgres' ->> 'enabled', 'false',
          'which is told to it');
DELETE FROM connector.role_limits WHERE role_name = 'connector_pgtap_etl'::regrole;
SET LOCAL connector.enabled_providers = 'mysql';
SELECT throws_ok(:'import', '42501', NULL, 'and for all');
RESET connector.enabled_providers;

SET LOCAL connector.max_columns = 5;
SELECT throws_ok(:'import', '54011', NULL, 'a table with too many columns is refused');
RESET connector.max_columns;
SET LOCAL connector.max_rows = 1;
SELECT is(pg_temp.as_role('connector_pgtap_etl', :'import')::json ->> 'rows', '1', 'the setting binds all who have no limit of their own');
SELECT throws_ok($$INSERT INTO connector.role_limits (provider) VALUES ('oracle')$$, '23514', NULL,
                 'a provider that there is not is refused');

\else
SELECT skip(:'no_remote', 11);
\endif
SELECT * FROM finish();
ROLLBACK;
\ir remote/teardown.sql
