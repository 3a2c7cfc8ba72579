-- Foreign servers of the wrapper hold connections and credentials.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
RESET client_min_messages;
CREATE ROLE connector_user;
GRANT CREATE ON SCHEMA public TO connector_user;
\set SHOW_CONTEXT never
CREATE SERVER shop FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server '127.0.0.1', port '1', database 'shop');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (sever 'x');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (password 'x');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider 'oracle');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider 'mariadb');
-- Hints have the options of the server's provider, and say where an option belongs.
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', host 'x');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', http_path 'x');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', passwd 'x');
ALTER SERVER shop OPTIONS (ADD tds_version '7.4');
CREATE USER MAPPING FOR connector_user SERVER shop OPTIONS (server 'x');
CREATE USER MAPPING FOR connector_user SERVER shop OPTIONS (user 'x');
CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', pushdown 'none');
ALTER SERVER shop OPTIONS (ADD pushdown 'exact');
-- Others are shown them.
DO $$
BEGIN
  EXECUTE format('CREATE SERVER bad FOREIGN DATA WRAPPER connector OPTIONS (provider %L, database %L)', 'mysql', repeat('x', 4097));
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE '%', SQLERRM;
END $$;
-- Nobody could read a foreign table that says nothing of what is to be read, or two things.
CREATE FOREIGN TABLE far (a int) SERVER shop;
CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (schema_name 'shop');
CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table_name '');
CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table_name 'x', query 'SELECT 1');
-- All that is wrong is told, with what was meant.
CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table 'x', schema 'shop', sql_query 'SELECT 1', fetch_size '1', zero_date 'null');
CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table_name 'x', pushdown 'no', encoding 'latin', invalid_values 'skip', tinyint1 'bool');
CREATE FOREIGN TABLE far (a int OPTIONS (name 'b')) SERVER shop OPTIONS (table_name 'x');
CREATE FOREIGN TABLE far (a int OPTIONS (column_name '')) SERVER shop OPTIONS (table_name 'x');
CREATE FOREIGN TABLE far (a int OPTIONS (column_name 'b')) SERVER shop
  OPTIONS (table_name 'x', schema_name 'shop', pushdown 'off', encoding 'win1251', invalid_values 'null', tinyint1 'boolean');
ALTER FOREIGN TABLE far OPTIONS (ADD query 'SELECT 1');
ALTER FOREIGN TABLE far OPTIONS (DROP table_name);
ALTER FOREIGN TABLE far OPTIONS (DROP table_name, ADD query 'SELECT 1');
DROP FOREIGN TABLE far;
CREATE USER MAPPING FOR connector_user SERVER shop OPTIONS (username 'u', password 'secret');
SET ROLE connector_user;
-- USAGE on the server is needed, and enough.
SELECT cdb_import_connector('{"provider": "mysql", "connection": "shop", "table": "t"}');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER shop TO connector_user;
SET ROLE connector_user;
SELECT cdb_import_connector('{"provider": "mysql", "connection": "shop", "table": "t"}');
-- Another provider, no such server, a server of another wrapper.
RESET ROLE;
SELECT cdb_import_connector('{"provider": "mysql", "connection": "nosuch", "table": "t"}');
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER foreign_to_us FOREIGN DATA WRAPPER other;
SELECT cdb_import_connector('{"provider": "mysql", "connection": "foreign_to_us", "table": "t"}');
DROP FOREIGN DATA WRAPPER other CASCADE;
-- Only superusers name files.
GRANT USAGE ON FOREIGN DATA WRAPPER connector TO connector_user;
SET ROLE connector_user;
CREATE SERVER mine FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server 'h', sslkey '/tmp/key');
RESET ROLE;
REVOKE USAGE ON FOREIGN DATA WRAPPER connector FROM connector_user;
-- A foreign table is of a server; a connection of one's own is answered with the statements that make one of it.
SELECT cdb_foreign_table('{"provider": "mysql", "connection": {"server": "db", "database": "Web Shop", "username": "ana", "password": "hunter2"}, "table": "t"}');
SELECT cdb_foreign_table('{"connection": "shop", "table": "t", "max_rows": 10, "keep": ["indexes"], "sync": {}}');
SELECT cdb_foreign_table('{"connection": "shop"}');
SELECT cdb_foreign_table(NULL);
SET ROLE connector_user;
SELECT cdb_foreign_table('{"connection": "shop", "table": "t", "target_schema": "pg_catalog"}');
RESET ROLE;
-- Options of an import are checked before anything is contacted.
IMPORT FOREIGN SCHEMA shop FROM SERVER shop INTO public OPTIONS (import_defaults 'on', comments 'off');
IMPORT FOREIGN SCHEMA shop FROM SERVER shop INTO public OPTIONS (import_not_null 'maybe');
IMPORT FOREIGN SCHEMA shop FROM SERVER shop INTO public OPTIONS (import_collate 'maybe');
DROP SERVER shop CASCADE;
-- Saved servers: the same by functions, with the secrets in the caller's user mapping.
SELECT cdb_server_save('store', '{"provider": "mysql", "connection": {"Server": "db", "port": 3307, "username": "ana", "password": "hunter2"}}');
SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'store';
SELECT umoptions FROM pg_user_mappings WHERE srvname = 'store';
SELECT name, provider, may_change, connection, used_by FROM cdb_servers();
-- All that is wrong is told.
SELECT cdb_server_save('store', '{"provider": "postgres", "connection": {"user": "x"}, "table": "t", "host": "h", "shape": 1}');
SELECT cdb_server_save('other', '{"provider": "mysql", "connection": {"hosst": "x", "port": 0}}');
SELECT cdb_server_save('other', '{"connection": {"server": "x"}}');
SELECT cdb_server_save('other', '{"provider": "mysql", "connection": "store"}');
SELECT cdb_server_save('other', '{"provider": "hive", "connection": {"server": "x", "session": {"fs.key": "b"}}}');
SELECT cdb_server_save('mysql://ana:hunter2@db', '{"provider": "mysql", "connection": {"server": "x"}}');
SELECT cdb_server_save(' ', '{"provider": "mysql", "connection": {"server": "x"}}');
SELECT cdb_server_save(repeat('x', 64), '{"provider": "mysql", "connection": {"server": "x"}}');
SELECT cdb_server_save(NULL, '{}');
SELECT cdb_server_save('other', NULL);
-- A mask, or nothing, keeps the password where it was; not for another place.
SELECT cdb_server_save('store', '{"connection": {"server": "db", "port": 3307, "username": "ana", "password": "********"}}') -> 'connection' AS connection;
SELECT cdb_server_save('store', '{"connection": {"server": "db", "port": 3307, "username": "ana", "sslmode": "disable"}}');
SELECT cdb_server_save('store', '{"connection": {"server": "evil", "port": 3307, "username": "ana", "password": "********"}}');
SELECT umoptions FROM pg_user_mappings WHERE srvname = 'store';
-- Keys that are left out are dropped, options that are no keys of a connection stay.
ALTER SERVER store OPTIONS (ADD pushdown 'off');
SELECT cdb_server_save('store', '{"connection": {"server": "db2", "username": "ana", "password": null}}') -> 'connection' AS connection;
SELECT srvoptions FROM pg_foreign_server WHERE srvname = 'store';
SELECT umoptions FROM pg_user_mappings WHERE srvname = 'store';
SELECT cdb_server_save('store', '{"connection": {"server": "db2", "username": "ana", "password": "********"}}');
-- Who may use it saves a login of his own.
SET ROLE connector_user;
SELECT * FROM cdb_servers();
SELECT cdb_server_save('mine', '{"provider": "mysql", "connection": {"server": "h"}}');
SELECT cdb_server_save('store', '{"connection": {"username": "ben", "password": "swordfish"}}');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER store TO connector_user;
SET ROLE connector_user;
SELECT cdb_server_save('store', '{"connection": {"username": "ben", "password": "swordfish"}}') ->> 'connection' AS connection;
SELECT cdb_server_save('store', '{"connection": {"server": "evil", "username": "ben", "password": "swordfish"}}') ->> 'connection' AS connection;
SELECT cdb_server_save('store', '{"connection": {"sslmode": "disable", "username": "ben", "password": "swordfish"}}') ->> 'connection' AS connection;
SELECT cdb_server_drop('store');
RESET ROLE;
SELECT usename, umoptions FROM pg_user_mappings WHERE srvname = 'store' AND usename = 'connector_user';
-- What uses it keeps it.
CREATE FOREIGN TABLE far (a int) SERVER store OPTIONS (table_name 'x');
SELECT cdb_server_drop('store');
DROP FOREIGN TABLE far;
SET client_min_messages = error;
SELECT cdb_sync_connector('{"connection": "store", "table": "t"}', name => 'sync of t') IS NOT NULL AS created;
RESET client_min_messages;
SELECT used_by FROM cdb_servers();
SELECT cdb_server_drop('store');
SELECT cdb_sync_delete('sync of t');
SELECT cdb_server_drop('store');
SELECT cdb_server_drop('store');
SELECT count(*) FROM cdb_servers();
REVOKE ALL ON SCHEMA public FROM connector_user;
DROP ROLE connector_user;
