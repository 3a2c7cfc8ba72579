-- The providers, and the keys of their requests. One that the library was built without is not looked at.
\ir common/session.sql
BEGIN;

CREATE TEMPORARY TABLE expected (provider text, required text[], optional text[]);
COPY expected FROM stdin;
mysql	{server,username}	{compression,connect_timeout,database,password,port,sslcert,sslkey,sslmode,sslrootcert}
postgres	{database,server,username}	{connect_timeout,password,port,sslcert,sslkey,sslmode,sslrootcert}
sqlserver	{database,password,server,username}	{application_intent,connect_timeout,port,snapshot_readers,sslmode,sslrootcert,tds_version}
hive	{server}	{auth,connect_timeout,database,http_path,kerberos_service_name,password,port,session,sslcert,sslkey,sslmode,sslrootcert,transport,username}
odbc	{}	{accesstoken,apikey,auth_accesstoken,auth_client_secret,auth_refreshtoken,clientsecret,connect_timeout,database,driver,dsn,keystoresecret,oauth_client_secret,passcode,password,port,priv_key_base64,priv_key_file_pwd,proxypwd,refreshtoken,server,ssl_client_keystore_password,sslkeypassword,token,username}
\.
-- Keys of a request beside those of its connection.
CREATE TEMPORARY TABLE expected_key (key text, provider text);
COPY expected_key FROM stdin;
collision_strategy	\N
column_names	\N
columns	\N
connection	\N
default_columns	\N
distribute	\N
encoding	\N
import_as	\N
invalid_values	\N
keep	\N
max_rows	\N
provider	\N
readers	\N
schema	\N
sql_query	\N
sync	\N
table	\N
target_schema	\N
tinyint1	mysql
zero_dates	mysql
\.

SELECT plan(5 + 4 * count(*)::integer) FROM expected JOIN json_object_keys(cdb_connectors()) ON json_object_keys = provider;

SELECT is_empty('SELECT json_object_keys(cdb_connectors()) EXCEPT SELECT provider FROM expected', 'there is no other provider');
SELECT is_empty($$SELECT key FROM json_each(cdb_connectors()), unnest(ARRAY['name', 'description', 'version']) part
                  WHERE coalesce(value ->> part, '') = '' OR json_typeof(value -> 'enabled') <> 'boolean'$$,
                'each tells its name, what it is, its version, and whether it is enabled');

CREATE TEMPORARY TABLE info AS
SELECT provider, cdb_connector_info(provider) AS info, cdb_connector_schema(provider) AS schema
FROM json_object_keys(cdb_connectors()) provider;

SELECT set_eq(format($$SELECT key FROM info, json_each(info -> 'parameters' -> 'connection')
                       WHERE provider = %L AND (value ->> 'required')::boolean$$, provider),
              required, provider || ': what a connection must have')
FROM expected JOIN info USING (provider) ORDER BY provider;
SELECT set_eq(format($$SELECT key FROM info, json_each(info -> 'parameters' -> 'connection')
                       WHERE provider = %L AND NOT (value ->> 'required')::boolean$$, provider),
              optional, provider || ': what it may have')
FROM expected JOIN info USING (provider) ORDER BY provider;
SELECT set_eq(format($$SELECT json_object_keys(info -> 'parameters') FROM info WHERE provider = %L$$, provider),
              format($$SELECT key FROM expected_key WHERE coalesce(provider, %1$L) = %1$L$$, provider),
              provider || ': the keys of a request')
FROM info ORDER BY provider;
SELECT is(schema ->> '$schema', 'https://json-schema.org/draft/2020-12/schema', provider || ': a JSON Schema of its requests')
FROM info ORDER BY provider;

SELECT is_empty($$SELECT provider, key FROM info, json_each(info -> 'parameters') WHERE key NOT IN ('connection', 'sync', 'distribute')
                  AND (coalesce(value ->> 'type', '') = '' OR coalesce(value ->> 'description', '') = '')$$,
                'each key has a type and a description');
SELECT throws_ok($$SELECT cdb_connector_info('nosuch')$$, 'HV024', NULL, 'a provider that there is not has no keys');
SELECT throws_ok($$SELECT cdb_connector_schema('nosuch')$$, 'HV024', NULL, 'and no schema');

SELECT * FROM finish();
ROLLBACK;
