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
-- Foreign tables could not be read.
CREATE FOREIGN TABLE far (a int) SERVER shop;
CREATE FOREIGN TABLE far (a int) SERVER shop OPTIONS (table_name 'x');
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
DROP SERVER shop CASCADE;
REVOKE ALL ON SCHEMA public FROM connector_user;
DROP ROLE connector_user;
