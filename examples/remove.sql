-- As a superuser: everything that the other scripts have made.
\set ON_ERROR_STOP on

-- A sync is forgotten with its password; its table would stay.
SELECT name, cdb_sync_delete(id) FROM connector.syncs WHERE server = 'shop';
DROP SERVER shop CASCADE;
DROP SCHEMA shop CASCADE;
