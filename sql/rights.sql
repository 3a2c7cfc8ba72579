-- Who may do what.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
RESET client_min_messages;
CREATE ROLE connector_plain;
CREATE ROLE connector_etl;
GRANT USAGE ON FOREIGN DATA WRAPPER connector TO connector_etl;
GRANT CREATE ON SCHEMA public TO connector_plain, connector_etl;
\set SHOW_CONTEXT never
\set request '{"provider": "mysql", "table": "t", "connection": {"server": "127.0.0.1", "port": 1, "username": "u", "password": "p"}}'
-- A connection in the request needs USAGE on the wrapper.
SET ROLE connector_plain;
SELECT cdb_import_connector(:'request');
SELECT cdb_connector_check(:'request');
SELECT * FROM cdb_connector_tables(:'request');
SELECT cdb_connector_dry_run(:'request');
-- Loopback needs to be listed for those who are no superusers.
SET ROLE connector_etl;
SELECT cdb_connector_check(:'request');
SELECT cdb_connector_check('{"provider": "mysql", "connection": {"server": "169.254.169.254", "username": "u", "password": "p"}}');
-- Files of the server are for superusers.
SELECT cdb_connector_check('{"provider": "mysql", "connection": {"server": "h", "username": "u", "password": "p", "sslkey": "/etc/passwd"}}');
-- Settings are the administrator's.
SET connector.max_rows = 0;
SET connector.allowed_hosts = '127.0.0.1';
-- Catalog tables are closed, the views open.
SELECT * FROM connector.import;
SELECT * FROM connector.role_limits;
SELECT count(*) FROM connector.imports;
SELECT * FROM connector.api_key;
-- Keys are those of one's own role. What they open is for nobody until it is granted.
SELECT connector.sealed_api_key('00000000-0000-4000-8000-000000000001');
SELECT * FROM cdb_api_keys();
SELECT cdb_api_key_revoke('00000000-0000-4000-8000-000000000001');
SELECT connector.api_key_used('00000000-0000-4000-8000-000000000001');
-- The lists tell what the views have.
SELECT cdb_imports(), cdb_syncs();
SELECT cdb_imports(0);
SELECT cdb_syncs(before => '00000000-0000-4000-8000-000000000001');
SELECT cdb_import_connector('{"provider": "mysql", "table": "t", "target_schema": "pg_catalog", "connection": {"server": "h", "username": "u", "password": "p"}}');
SELECT cdb_import_connector('{"provider": "mysql", "table": "t", "target_schema": "nosuch", "connection": {"server": "h", "username": "u", "password": "p"}}');
RESET ROLE;
-- allowed_hosts is checked when it is set, and when a request dials.
SET connector.allowed_hosts = 'example.com, 10.0.0.0/33';
SET connector.allowed_hosts = '10.0.0.0/8';
SELECT cdb_connector_check(:'request');
RESET connector.allowed_hosts;
-- Providers can be disabled for all and for a role.
SET connector.enabled_providers = 'hive';
SELECT cdb_connector_check(:'request');
RESET connector.enabled_providers;
INSERT INTO connector.role_limits (role_name, provider, enabled) VALUES ('connector_etl', 'mysql', false);
SET ROLE connector_etl;
SELECT cdb_connector_check(:'request');
RESET ROLE;
DELETE FROM connector.role_limits;
REVOKE ALL ON SCHEMA public FROM connector_plain, connector_etl;
REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM connector_etl;
DROP ROLE connector_plain, connector_etl;
