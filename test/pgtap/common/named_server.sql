-- A foreign server of the remote, connector_pgtap_server, with a user mapping for a role that may use it once it is granted.
CREATE FUNCTION pg_temp.make_named_server(role name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    connection constant json := current_setting('connector_pgtap.connection');
BEGIN
    EXECUTE format('CREATE SERVER connector_pgtap_server FOREIGN DATA WRAPPER connector
                        OPTIONS (provider ''postgres'', server %L, port %L, database %L, sslmode %L)',
                   connection ->> 'server', connection ->> 'port', connection ->> 'database', connection ->> 'sslmode');
    EXECUTE format('CREATE USER MAPPING FOR %I SERVER connector_pgtap_server OPTIONS (username %L, password %L)',
                   role, connection ->> 'username', connection ->> 'password');
END $$;
