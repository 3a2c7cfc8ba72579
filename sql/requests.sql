-- Requests are checked whole before anything is contacted.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
RESET client_min_messages;
\set SHOW_CONTEXT never
SELECT cdb_import_connector('{');
SELECT cdb_import_connector('[]');
SELECT cdb_import_connector('{}');
SELECT cdb_import_connector('{"provider": "oracle"}');
SELECT cdb_import_connector('{"provider": "MySQL"}');
SELECT cdb_import_connector('{"provider": "mssql"}');
SELECT cdb_import_connector('{"provider": "PostgreSQL"}');
-- All offending keys in one message, the nearest known key for each unknown one.
SELECT cdb_import_connector('{"provider": "mysql", "tabel": "t", "connection": {"sever": "h", "username": "u", "pasword": "x"}}');
-- Keys in any case, but only once.
SELECT cdb_import_connector('{"Provider": "mysql", "provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}');
-- Blank and missing.
SELECT cdb_import_connector('{"provider": "mysql", "table": "", "connection": {"server": " ", "username": "u"}}');
SELECT cdb_import_connector('{"provider": "mysql", "table": "t", "connection": {"username": "u"}}');
SELECT cdb_import_connector('{"provider": "mysql", "table": "t"}');
-- A query needs a name.
SELECT cdb_import_connector('{"provider": "mysql", "sql_query": "SELECT 1", "connection": {"server": "h", "username": "u"}}');
-- Values.
SELECT cdb_import_connector('{"provider": "mysql", "table": "t", "encoding": "klingon", "collision_strategy": "maybe",
    "max_rows": -1, "default_columns": "yes", "columns": 5, "connection": {"server": "h", "username": "u", "port": 70000, "sslmode": "on"}}');
-- Keys of another provider, keys of a sync.
SELECT cdb_import_connector('{"provider": "mysql", "table": "t", "sync": {"mode": "replace"}, "connection": {"server": "h", "username": "u", "http_path": "x"}}');
-- The wrapped form.
SELECT cdb_import_connector('{"connector": {"provider": "mysql", "table": "t", "connection": {"server": "h"}}, "intervall": 900}');
-- A driver that nobody has allowed.
SELECT cdb_import_connector('{"provider": "odbc", "table": "t", "connection": {"driver": "x"}}');
-- A read-only transaction is refused before anything is contacted.
BEGIN READ ONLY;
SELECT cdb_import_connector('{"provider": "mysql", "table": "t", "connection": {"server": "h", "username": "u"}}');
ROLLBACK;
-- A script whose variable is not set did nothing: it is told.
SELECT cdb_import_connector(NULL) IS NULL AS is_null;
SELECT cdb_import_status('00000000-0000-0000-0000-000000000000');
