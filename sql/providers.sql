-- What there is: providers, their parameters, error numbers.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS connector;
RESET client_min_messages;
SELECT key AS provider, value ->> 'name' AS name, value ->> 'enabled' AS enabled,
       (value ->> 'version') IS NOT NULL AS has_version
FROM json_each(cdb_connectors());
SELECT key, value FROM json_each(cdb_connector_info('mysql') -> 'features');
SELECT key, value ->> 'required' AS required, value ->> 'default' AS "default"
FROM json_each(cdb_connector_info('mysql') -> 'parameters' -> 'connection');
SELECT key, value ->> 'required' AS required, value ->> 'default' AS "default"
FROM json_each(cdb_connector_info('mysql') -> 'parameters') WHERE key NOT IN ('connection', 'sync', 'distribute');
SELECT key, value ->> 'type' AS type, value ->> 'default' AS "default"
FROM json_each(cdb_connector_info('mysql') -> 'parameters' -> 'sync');
SELECT key, value ->> 'type' AS type, value ->> 'required' AS required
FROM json_each(cdb_connector_info('mysql') -> 'parameters' -> 'distribute');
SELECT cdb_connector_info('nosuch');
SELECT error_code, title, who, sqlstate FROM cdb_error_codes();
-- Every number has its text.
SELECT count(*) FROM cdb_error_codes() WHERE what_to_do = '' OR title = '';
-- A disabled provider shows.
SET connector.enabled_providers = 'postgres, odbc';
SELECT cdb_connectors() -> 'mysql' ->> 'enabled' AS mysql;
RESET connector.enabled_providers;
