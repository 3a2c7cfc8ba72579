-- An ordinary role, connector_pgtap_etl, that may call the functions.
CREATE ROLE connector_pgtap_etl;
SELECT format('GRANT USAGE ON SCHEMA %s TO connector_pgtap_etl', extnamespace::regnamespace)
FROM pg_extension WHERE extname = 'connector' \gexec
