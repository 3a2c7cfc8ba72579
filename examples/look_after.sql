-- What an administrator looks at. docs/monitoring.md says what to do then.
\set ON_ERROR_STOP on

-- What fails, since when, why, and what comes next; what was cut; what is late.
SELECT name, schema || '.' || table_name AS "table", failing_since, retried_times AS failures, gave_up, run_at AS next_try,
       error_message, error_hint, warnings
FROM connector.syncs
WHERE failing_since IS NOT NULL OR warnings IS NOT NULL OR (run_at < now() - interval '5 minutes' AND NOT paused)
ORDER BY gave_up DESC, failing_since;

-- What runs, how fast, whether it is stuck, and who is in the way.
SELECT pid, kind, schema || '.' || table_name AS "table", phase, rows, expected_rows, round(rows_per_second) AS rows_per_second,
       now() - last_row_at AS silent_for, estimated_time_left, blocked_by
FROM connector.progress
ORDER BY started_at;

-- What the last runs did, and how long readers had to wait for each.
SELECT sync_name, started_at, state, mode, rows, inserted, updated, deleted, duration, lock_ms, reason
FROM connector.runs
ORDER BY started_at DESC
LIMIT 20;

-- After the cause is gone: all that gave up try again.
SELECT name, cdb_sync_now(id) ->> 'enqueued' AS enqueued FROM connector.syncs WHERE gave_up;
