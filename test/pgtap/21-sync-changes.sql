-- Recipe: a sync whose source changes its columns, and one that fails. The runs commit; remote/teardown.sql cleans up.
\ir common/recipe.sql
SELECT plan(18);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;
BEGIN;
SELECT cdb_sync_connector(pg_temp.request('{"table": "orders"}'), name => 'connector_pgtap_sync') ->> 'id' AS id \gset
SELECT is(cdb_sync_pause('connector_pgtap_sync') ->> 'paused', 'true', 'a sync can be paused');
COMMIT;
SELECT is(cdb_sync_now(:'id', wait => true) ->> 'state', 'success', 'and run when asked for');

ALTER TABLE connector_pgtap_shop.orders ADD COLUMN note text DEFAULT 'new';
SELECT is(cdb_sync_now(:'id', wait => true) ->> 'state', 'success', 'a new column at the source');
SELECT col_type_is('connector_pgtap_copy', 'orders', 'note', 'text', 'is followed');
SELECT isnt(schema_changes::text, NULL, 'which the sync tells') FROM connector.syncs WHERE id = :'id';

-- Something depends on a column that goes.
CREATE VIEW connector_pgtap_copy.notes AS SELECT note FROM connector_pgtap_copy.orders;
ALTER TABLE connector_pgtap_shop.orders DROP COLUMN note;
SELECT is(cdb_sync_now(:'id', wait => true) ->> 'state', 'failure', 'a column that goes while a view needs it');
SELECT is((error_code, sqlstate)::text, '(2013,2BP01)', 'is a failure with a number and an SQLSTATE')
FROM connector.syncs WHERE id = :'id';
SELECT alike(concat(error_message, error_detail), '%notes%', 'that names the view') FROM connector.syncs WHERE id = :'id';
SELECT is(count(*), 4::bigint, 'the old rows are still there') FROM connector_pgtap_copy.orders;
SELECT throws_ok(format('SELECT cdb_sync_now(%L, wait => true, raise => true)', :'id'), '2BP01', NULL,
                 'with raise it is an error of the call');
DROP VIEW connector_pgtap_copy.notes;
SELECT is(cdb_sync_now(:'id', wait => true) ->> 'state', 'success', 'without the view it goes on');
SELECT hasnt_column('connector_pgtap_copy', 'orders', 'note', 'and the column is gone');

-- What is gone there is a failure that trying again can't help.
ALTER TABLE connector_pgtap_shop.orders RENAME TO orders_once;
SELECT is(cdb_sync_now(:'id', wait => true) ->> 'state', 'failure', 'a source that is gone is a failure');
SELECT is((error_code, gave_up)::text, '(1011,t)', 'after which the sync rests') FROM connector.syncs WHERE id = :'id';
SELECT is(permanent, true, 'as its run says') FROM connector.runs WHERE sync_id = :'id' ORDER BY started_at DESC LIMIT 1;
ALTER TABLE connector_pgtap_shop.orders_once RENAME TO orders;

SELECT is(cdb_sync_update(:'id', '2 hours', name => 'connector_pgtap_renamed') ->> 'interval', '7200', 'interval and name can be changed');
SELECT is(cdb_sync_delete('connector_pgtap_renamed')::text, '', 'a sync is deleted by its name');
SELECT has_table('connector_pgtap_copy', 'orders', 'its table stays');

\else
SELECT skip(:'no_remote', 18);
\endif
SELECT * FROM finish();
\ir remote/teardown.sql
