-- Removes what remote/setup.sql and the recipes have made, or what a run that was killed has left.
DO $$ BEGIN PERFORM cdb_sync_delete(id) FROM connector.syncs WHERE schema = 'connector_pgtap_copy'; END $$;
DO $$
BEGIN
    PERFORM cdb_import_cancel(item_queue_id)
    FROM connector.imports WHERE schema = 'connector_pgtap_copy' AND ended_at IS NULL AND synchronization_id IS NULL;
END $$;
DELETE FROM connector.import_batch b USING connector.import i WHERE i.batch_id = b.id AND i.schema_name = 'connector_pgtap_copy';
DELETE FROM connector.import WHERE schema_name = 'connector_pgtap_copy';
DROP SCHEMA IF EXISTS connector_pgtap_copy, connector_pgtap_shop CASCADE;
SELECT 'DROP OWNED BY connector_pgtap_reader' WHERE to_regrole('connector_pgtap_reader') IS NOT NULL \gexec
DROP ROLE IF EXISTS connector_pgtap_reader;
