-- All tables of the remote's schema that are not here yet, with indexes and foreign keys, in the background.
\set ON_ERROR_STOP on

SELECT name, table_name, batch_id, problem
FROM cdb_import_tables('{"connection": "shop", "target_schema": "shop", "keep": ["indexes", "foreign_keys"]}', ARRAY['*', '!*_old']);

-- LISTEN connector tells the end to a program. A script looks now and then:
DO $$
BEGIN
  WHILE EXISTS (SELECT FROM connector.imports WHERE batch_id IS NOT NULL AND ended_at IS NULL) LOOP
    PERFORM pg_sleep(0.1);
  END LOOP;
END
$$;

SELECT source, state, table_name, rows, error_message, problem
FROM connector.imports
WHERE batch_id IS NOT NULL
ORDER BY ended_at DESC, source
LIMIT 20;
