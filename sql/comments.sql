-- What psql's \d+ and the like show. Tables without a privilege for others are marked as the extension's own.

COMMENT ON SCHEMA connector IS 'views and tables of the extension connector';
COMMENT ON FOREIGN DATA WRAPPER connector IS
    'remote databases of the extension connector; USAGE is the right to open connections given in a request';
COMMENT ON FUNCTION connector.fdw_handler() IS 'internal: reads foreign tables';
COMMENT ON FUNCTION connector.fdw_validator(text[], oid) IS
    'internal: checks the options of servers and user mappings of the wrapper connector';

COMMENT ON TABLE connector.role_limits IS
    'what roles may do: a row counts for a role and a provider, NULL means all; the row for the role wins';
COMMENT ON COLUMN connector.role_limits.role_name IS 'the role, NULL for all';
COMMENT ON COLUMN connector.role_limits.provider IS 'the provider''s id, NULL for all';
COMMENT ON COLUMN connector.role_limits.enabled IS 'whether it may be used';
COMMENT ON COLUMN connector.role_limits.max_rows IS
    'largest number of rows of an import or refresh, instead of connector.max_rows';
COMMENT ON COLUMN connector.role_limits.max_syncs IS
    'largest number of syncs that run at the same time, instead of connector.max_syncs_per_role; 0 forbids syncs';

COMMENT ON TABLE connector.import IS 'internal: see the view connector.imports';
COMMENT ON TABLE connector.import_batch IS 'internal: calls of cdb_import_tables()';
COMMENT ON TABLE connector.import_secret IS 'internal: passwords of imports that wait for their run; nobody may read it';
COMMENT ON TABLE connector.sync IS 'internal: see the view connector.syncs';
COMMENT ON TABLE connector.sync_secret IS 'internal: passwords of syncs; nobody may read it';
COMMENT ON TABLE connector.run IS 'internal: see the view connector.runs';
COMMENT ON TABLE connector.sync_comparison IS 'internal: what merges by ranges of the key remember';
COMMENT ON TABLE connector.sync_range IS 'internal: checksums of ranges of the key, there and here';
COMMENT ON TABLE connector.denied_login IS
    'internal: accounts that a remote does not let in, and when a sync tries again; holds no password';
COMMENT ON VIEW connector.my_limits IS 'what the current role may do with each provider';
COMMENT ON COLUMN connector.my_limits.provider IS 'the provider''s id';
COMMENT ON COLUMN connector.my_limits.enabled IS 'whether it may be used';
COMMENT ON COLUMN connector.my_limits.max_rows IS 'largest number of rows of an import or refresh; NULL means no limit';
COMMENT ON COLUMN connector.my_limits.max_columns IS 'largest number of columns of a table to import';
COMMENT ON COLUMN connector.my_limits.max_syncs IS
    'largest number of syncs that run at the same time; 0 forbids syncs, NULL means no limit';
COMMENT ON COLUMN connector.my_limits.max_stored_syncs IS 'largest number of syncs of the role; NULL means no limit';
COMMENT ON COLUMN connector.my_limits.max_imports IS
    'largest number of imports that run at the same time; NULL means no limit';
COMMENT ON COLUMN connector.my_limits.max_queued_imports IS
    'largest number of imports that wait in the background; NULL means no limit';
COMMENT ON FUNCTION connector.import_tables_json(json, text[], interval) IS
    'internal: the rows of cdb_import_tables()';
COMMENT ON FUNCTION connector.incoming_rows(bigint, bigint) IS
    'internal: the rows of a running import or refresh, for the statement that stores them';
COMMENT ON FUNCTION connector.newest_imports(text, integer, integer) IS
    'internal: ids of imports that the role sees, newest first, no first runs of syncs, in which the text is found';
COMMENT ON FUNCTION connector.has_scheduler() IS
    'internal: whether due syncs and queued imports of the current role are run by themselves';
COMMENT ON FUNCTION connector.import_without_source() IS
    'internal: records an import that failed, as its request names no source; gives its id';
COMMENT ON FUNCTION connector.my_limits_json() IS 'internal: the rows of the view connector.my_limits';
COMMENT ON TABLE connector.new_storage IS 'internal: files that are being filled, to be removed after a crash';
COMMENT ON FUNCTION connector.sync_restored() IS 'internal: trigger that pauses syncs which a restore brings back';

COMMENT ON VIEW connector.imports IS 'imports, and first runs of syncs, that are yours or that you may see';
COMMENT ON COLUMN connector.imports.item_queue_id IS 'the id for cdb_import_status() and cdb_import_cancel()';
COMMENT ON COLUMN connector.imports.role_name IS 'the role that imports';
COMMENT ON COLUMN connector.imports.provider IS
    'the provider''s id; NULL, as server, source and table_name, if the request names no source';
COMMENT ON COLUMN connector.imports.server IS 'the remote server or the name of the foreign server';
COMMENT ON COLUMN connector.imports.source IS 'the remote table, or the beginning of the query';
COMMENT ON COLUMN connector.imports.state IS 'enqueued, uploading, complete or failure';
COMMENT ON COLUMN connector.imports.schema IS 'local schema';
COMMENT ON COLUMN connector.imports.table_name IS
    'local table; until it is complete the name that is wanted; NULL if the import was skipped';
COMMENT ON COLUMN connector.imports.rows IS 'rows that were imported';
COMMENT ON COLUMN connector.imports.bytes IS 'size of their decoded values';
COMMENT ON COLUMN connector.imports.error_code IS 'number of the failure, see cdb_error_codes()';
COMMENT ON COLUMN connector.imports.sqlstate IS 'SQLSTATE of the failure';
COMMENT ON COLUMN connector.imports.error_message IS 'message of the failure';
COMMENT ON COLUMN connector.imports.error_detail IS 'detail of the failure: provider, phase, the remote''s own numbers';
COMMENT ON COLUMN connector.imports.error_hint IS 'what to do about the failure';
COMMENT ON COLUMN connector.imports.warnings IS 'what of the source is not in the table as it is there; NULL if nothing';
COMMENT ON COLUMN connector.imports.skipped_columns IS 'columns that were left out: name, type, reason';
COMMENT ON COLUMN connector.imports.request IS 'the request, secrets masked';
COMMENT ON COLUMN connector.imports.synchronization_id IS 'the sync whose first run this is';
COMMENT ON COLUMN connector.imports.batch_id IS 'the call of cdb_import_tables() that it is part of';
COMMENT ON COLUMN connector.imports.problem IS
    'why a foreign key of the source was not added when all tables of the call were there';
COMMENT ON COLUMN connector.imports.created_at IS 'when it was asked for';
COMMENT ON COLUMN connector.imports.started_at IS 'when the work began';
COMMENT ON COLUMN connector.imports.ended_at IS 'when it ended; NULL if it has not';

COMMENT ON VIEW connector.syncs IS 'syncs that are yours or that you may see, each with how its last run ended';
COMMENT ON COLUMN connector.syncs.id IS 'the id for the functions on syncs';
COMMENT ON COLUMN connector.syncs.name IS 'the name for the functions on syncs';
COMMENT ON COLUMN connector.syncs.role_name IS 'owner of the table, before the first run of the request';
COMMENT ON COLUMN connector.syncs.provider IS 'the provider''s id';
COMMENT ON COLUMN connector.syncs.server IS 'the remote server or the name of the foreign server';
COMMENT ON COLUMN connector.syncs.source IS 'the remote table, or the beginning of the query';
COMMENT ON COLUMN connector.syncs.schema IS 'local schema';
COMMENT ON COLUMN connector.syncs.table_name IS 'local table; before the first success the name that is wanted';
COMMENT ON COLUMN connector.syncs.state IS 'created, queued, syncing, success or failure';
COMMENT ON COLUMN connector.syncs.paused IS 'the clock is stopped: runs only when asked for';
COMMENT ON COLUMN connector.syncs.interval IS 'time between two runs';
COMMENT ON COLUMN connector.syncs.at IS 'time of the day and time zone of its runs; NULL if the interval alone counts';
COMMENT ON COLUMN connector.syncs.statement_error IS 'why on_success or on_failure failed after the last run';
COMMENT ON COLUMN connector.syncs.statements_role IS
    'the role as which on_success and on_failure run; NULL if there are none, or they are switched off';
COMMENT ON COLUMN connector.syncs.run_at IS 'when it is due next; during a run when that was due; NULL if it gave up';
COMMENT ON COLUMN connector.syncs.ran_at IS 'when the last success ended';
COMMENT ON COLUMN connector.syncs.failing_since IS 'when the first of the failures in a row ended; NULL after a success';
COMMENT ON COLUMN connector.syncs.retried_times IS 'number of failures in a row';
COMMENT ON COLUMN connector.syncs.gave_up IS
    'rests after failures until cdb_sync_now(), cdb_sync_update() or cdb_sync_resume()';
COMMENT ON COLUMN connector.syncs.error_code IS 'number of the last failure, see cdb_error_codes(); NULL during a run';
COMMENT ON COLUMN connector.syncs.sqlstate IS 'SQLSTATE of the last failure';
COMMENT ON COLUMN connector.syncs.error_message IS 'message of the last failure';
COMMENT ON COLUMN connector.syncs.error_detail IS 'detail of the last failure';
COMMENT ON COLUMN connector.syncs.error_hint IS 'what to do about the last failure';
COMMENT ON COLUMN connector.syncs.warnings IS 'warnings of the last run that ended, such as a cut by the limit of rows';
COMMENT ON COLUMN connector.syncs.schema_changes IS 'changes of the source''s columns that the last run that ended followed';
COMMENT ON COLUMN connector.syncs.last_state IS
    'how the last run that ended did, success or failure, whatever goes on now; NULL if none has ended';
COMMENT ON COLUMN connector.syncs.last_ended_at IS 'when it ended';
COMMENT ON COLUMN connector.syncs.last_duration IS 'how long it took';
COMMENT ON COLUMN connector.syncs.last_mode IS 'what it did, see connector.runs.mode';
COMMENT ON COLUMN connector.syncs.last_rows IS 'rows that it read';
COMMENT ON COLUMN connector.syncs.last_error_code IS
    'number of its failure, see cdb_error_codes(); also while the next run waits or goes on';
COMMENT ON COLUMN connector.syncs.last_sqlstate IS 'SQLSTATE of its failure';
COMMENT ON COLUMN connector.syncs.last_error_message IS 'message of its failure';
COMMENT ON COLUMN connector.syncs.last_error_detail IS 'detail of its failure';
COMMENT ON COLUMN connector.syncs.last_error_hint IS 'what to do about its failure';
COMMENT ON COLUMN connector.syncs.successes IS 'number of runs that succeeded, since the sync was made';
COMMENT ON COLUMN connector.syncs.failures IS 'number of runs that failed, since the sync was made';
COMMENT ON COLUMN connector.syncs.rows_read IS 'rows that all of its runs read, since the sync was made';
COMMENT ON COLUMN connector.syncs.created_at IS 'when the sync was made';
COMMENT ON COLUMN connector.syncs.updated_at IS 'when a run last changed the table';
COMMENT ON COLUMN connector.syncs.checksum IS 'what skip_unchanged compares';
COMMENT ON COLUMN connector.syncs.log_id IS 'the last run, in connector.runs';
COMMENT ON COLUMN connector.syncs.item_queue_id IS 'the first run, in connector.imports';
COMMENT ON COLUMN connector.syncs.request IS 'the request, secrets masked';

COMMENT ON VIEW connector.runs IS 'the newest runs of each sync (connector.keep_runs)';
COMMENT ON COLUMN connector.runs.id IS 'the run''s id';
COMMENT ON COLUMN connector.runs.sync_id IS 'the sync''s id';
COMMENT ON COLUMN connector.runs.sync_name IS 'the sync''s name';
COMMENT ON COLUMN connector.runs.role_name IS 'owner of the sync';
COMMENT ON COLUMN connector.runs.schema IS 'local schema';
COMMENT ON COLUMN connector.runs.table_name IS 'local table';
COMMENT ON COLUMN connector.runs.state IS 'syncing, success or failure';
COMMENT ON COLUMN connector.runs.started_at IS 'when it began';
COMMENT ON COLUMN connector.runs.ended_at IS 'when it ended';
COMMENT ON COLUMN connector.runs.duration IS 'how long it took';
COMMENT ON COLUMN connector.runs.mode IS 'what was done: import, swap, merge, append, delete and insert, unchanged';
COMMENT ON COLUMN connector.runs.rows IS 'rows that were read';
COMMENT ON COLUMN connector.runs.bytes IS 'size of their decoded values';
COMMENT ON COLUMN connector.runs.inserted IS 'rows that are new in the table';
COMMENT ON COLUMN connector.runs.updated IS 'rows that changed';
COMMENT ON COLUMN connector.runs.deleted IS 'rows that are gone from the table';
COMMENT ON COLUMN connector.runs.reason IS 'why the run did not go the way that was asked for, or what it compared and why';
COMMENT ON COLUMN connector.runs.ranges_compared IS 'ranges of the key whose checksums were compared; NULL if rows were compared';
COMMENT ON COLUMN connector.runs.ranges_read IS 'ranges of the key that were read, as they differed';
COMMENT ON COLUMN connector.runs.lock_ms IS 'milliseconds for which readers had to wait';
COMMENT ON COLUMN connector.runs.phase_ms IS 'milliseconds by phase';
COMMENT ON COLUMN connector.runs.warnings IS 'what of the source is not in the table as it is there; NULL if nothing';
COMMENT ON COLUMN connector.runs.schema_changes IS 'changes of the source''s columns that the run followed';
COMMENT ON COLUMN connector.runs.error_code IS 'number of the failure, see cdb_error_codes()';
COMMENT ON COLUMN connector.runs.sqlstate IS 'SQLSTATE of the failure';
COMMENT ON COLUMN connector.runs.error_message IS 'message of the failure';
COMMENT ON COLUMN connector.runs.error_detail IS 'detail of the failure';
COMMENT ON COLUMN connector.runs.error_hint IS 'what to do about the failure';
COMMENT ON COLUMN connector.runs.statement_error IS 'why on_success or on_failure failed, or did not run';
COMMENT ON COLUMN connector.runs.permanent IS 'trying again could not help: the sync rests';

COMMENT ON VIEW connector.progress IS 'imports and refreshes that go on right now, in this database';
COMMENT ON COLUMN connector.progress.pid IS 'process, as in pg_stat_activity';
COMMENT ON COLUMN connector.progress.kind IS 'sync, import, or batch: the end of a call of cdb_import_tables()';
COMMENT ON COLUMN connector.progress.id IS 'id of the sync, import or batch';
COMMENT ON COLUMN connector.progress.role_name IS 'whose it is';
COMMENT ON COLUMN connector.progress.server IS 'the remote server or the name of the foreign server';
COMMENT ON COLUMN connector.progress.source IS 'the remote table, or the beginning of the query';
COMMENT ON COLUMN connector.progress.schema IS 'local schema';
COMMENT ON COLUMN connector.progress.table_name IS 'local table; in a first run the name that is wanted';
COMMENT ON COLUMN connector.progress.phase IS
    'connecting, describing, loading, building indexes, analyzing, applying, waiting for lock, exchanging; statement after the run';
COMMENT ON COLUMN connector.progress.rows IS 'rows that have come';
COMMENT ON COLUMN connector.progress.bytes IS 'size of their decoded values';
COMMENT ON COLUMN connector.progress.expected_rows IS 'about so many rows will come, where the remote tells';
COMMENT ON COLUMN connector.progress.rows_per_second IS 'rate of the last 5 to 10 seconds; 0 when nothing came for 10';
COMMENT ON COLUMN connector.progress.started_at IS 'when the run began';
COMMENT ON COLUMN connector.progress.last_row_at IS 'when rows last came';
COMMENT ON COLUMN connector.progress.estimated_time_left IS 'until all rows have come, at the present rate';
COMMENT ON COLUMN connector.progress.blocked_by IS
    'processes that it waits for; in phase waiting for lock those that use the table; 0 is a prepared transaction';
COMMENT ON FUNCTION connector.progress_json() IS 'internal: see the view connector.progress';

COMMENT ON TABLE connector.api_key IS
    'internal: API keys, each with a password that only the key opens; not dumped: issue them again after a restore';
COMMENT ON FUNCTION connector.add_api_key(uuid, text, bytea, bytea, timestamptz) IS
    'internal: adds a key that stands for the password of the session''s role';
COMMENT ON FUNCTION connector.sealed_api_key(uuid) IS
    'internal: what a key opens; for the role of the program that issues keys, to which it is granted';
COMMENT ON FUNCTION connector.api_key_used(uuid) IS
    'internal: whether the session''s role has this key, whose last use is now';

COMMENT ON FUNCTION connector.error_codes_json() IS 'internal: see cdb_error_codes()';
COMMENT ON FUNCTION connector.foreign_connections_json() IS 'internal: see cdb_foreign_connections()';
COMMENT ON FUNCTION connector.tables_json(json, integer) IS 'internal: see cdb_connector_tables()';
