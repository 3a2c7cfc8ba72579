-- Recipe: CALL cdb_run_due_syncs(), as pg_cron and the like do, and what waits for its turn is cancelled. All of it is
-- committed; remote/teardown.sql cleans up.
\ir common/recipe.sql
\ir common/background.sql
SELECT plan(13);
\if :has_remote
CREATE SCHEMA connector_pgtap_copy;

SELECT throws_ok('CALL cdb_run_due_syncs()', '2D000', NULL, 'the procedure needs a transaction of its own');
SELECT isnt(cdb_sync_connector(pg_temp.request('{"table": "orders"}'), '1 hour', 'connector_pgtap_due') ->> 'id', NULL,
            'the first run of a sync is due at once');
CALL cdb_run_due_syncs();
-- Where the library is preloaded the scheduler may have been first.
SELECT ok(pg_temp.wait_for($$SELECT state = 'success' FROM connector.syncs WHERE name = 'connector_pgtap_due'$$), 'the call runs it');
SELECT is(count(*), 4::bigint, 'its rows are there') FROM connector_pgtap_copy.orders;
SELECT is((ran_at IS NOT NULL, run_at > now() + interval '50 minutes', "interval")::text, '(t,t,01:00:00)', 'the next run is an interval later')
FROM connector.syncs WHERE name = 'connector_pgtap_due';
SELECT is(count(*), 1::bigint, 'it is not run again before') FROM connector.runs WHERE sync_name = 'connector_pgtap_due';
SELECT is((cdb_syncs(1) ->> 'sync_name'), 'connector_pgtap_due', 'the list of syncs begins with it');
SELECT is(cdb_sync_connector(pg_temp.request('{"table": "orders"}')) ->> 'sync_name', 'connector_pgtap_due',
          'the same request without a name is this sync');

-- A request without a wait, and a cancel where nothing goes on.
SELECT is(cdb_sync_cancel('connector_pgtap_due') ->> 'cancelled', 'false', 'where nothing goes on there is nothing to cancel');
BEGIN;
SELECT cdb_sync_pause('connector_pgtap_due') ->> 'paused' AS paused \gset
SELECT is(cdb_sync_now('connector_pgtap_due') ->> 'enqueued', 'true', 'a run can be asked for');
SELECT is(cdb_sync_status('connector_pgtap_due') ->> 'state', 'queued', 'and waits');
SELECT is(cdb_sync_cancel('connector_pgtap_due') ->> 'cancelled', 'true', 'until it is cancelled');
COMMIT;
SELECT is(cdb_sync_resume('connector_pgtap_due') ->> 'paused', 'false', 'the clock goes on');

\else
SELECT skip(:'no_remote', 13);
\endif
SELECT * FROM finish();
\ir remote/teardown.sql
