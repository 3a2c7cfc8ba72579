-- The views that roles read: each column with its type, in this order, and who may read them.
\ir common/session.sql
BEGIN;
\ir common/members.sql

CREATE TEMPORARY TABLE expected (number serial, view text, name text, type text);
COPY expected (view, name, type) FROM stdin;
imports	item_queue_id	uuid
imports	role_name	name
imports	provider	text
imports	server	text
imports	source	text
imports	state	text
imports	schema	text
imports	table_name	text
imports	rows	bigint
imports	bytes	bigint
imports	error_code	integer
imports	sqlstate	text
imports	error_message	text
imports	error_detail	text
imports	error_hint	text
imports	warnings	json
imports	skipped_columns	json
imports	request	json
imports	synchronization_id	uuid
imports	batch_id	uuid
imports	problem	text
imports	created_at	timestamp with time zone
imports	started_at	timestamp with time zone
imports	ended_at	timestamp with time zone
syncs	id	uuid
syncs	name	text
syncs	role_name	name
syncs	provider	text
syncs	server	text
syncs	source	text
syncs	schema	text
syncs	table_name	text
syncs	state	text
syncs	paused	boolean
syncs	interval	interval
syncs	at	text
syncs	run_at	timestamp with time zone
syncs	ran_at	timestamp with time zone
syncs	failing_since	timestamp with time zone
syncs	retried_times	integer
syncs	gave_up	boolean
syncs	statements_role	name
syncs	error_code	integer
syncs	sqlstate	text
syncs	error_message	text
syncs	error_detail	text
syncs	error_hint	text
syncs	warnings	json
syncs	schema_changes	json
syncs	statement_error	text
syncs	successes	bigint
syncs	failures	bigint
syncs	rows_read	bigint
syncs	created_at	timestamp with time zone
syncs	updated_at	timestamp with time zone
syncs	checksum	text
syncs	log_id	uuid
syncs	item_queue_id	uuid
syncs	request	json
syncs	last_state	text
syncs	last_ended_at	timestamp with time zone
syncs	last_duration	interval
syncs	last_mode	text
syncs	last_rows	bigint
syncs	last_error_code	integer
syncs	last_sqlstate	text
syncs	last_error_message	text
syncs	last_error_detail	text
syncs	last_error_hint	text
runs	id	uuid
runs	sync_id	uuid
runs	sync_name	text
runs	role_name	name
runs	schema	text
runs	table_name	text
runs	state	text
runs	started_at	timestamp with time zone
runs	ended_at	timestamp with time zone
runs	duration	interval
runs	mode	text
runs	rows	bigint
runs	bytes	bigint
runs	inserted	bigint
runs	updated	bigint
runs	deleted	bigint
runs	reason	text
runs	ranges_compared	bigint
runs	ranges_read	bigint
runs	lock_ms	double precision
runs	phase_ms	json
runs	warnings	json
runs	schema_changes	json
runs	error_code	integer
runs	sqlstate	text
runs	error_message	text
runs	error_detail	text
runs	error_hint	text
runs	permanent	boolean
runs	statement_error	text
progress	pid	integer
progress	kind	text
progress	id	uuid
progress	role_name	name
progress	server	text
progress	source	text
progress	schema	text
progress	table_name	text
progress	phase	text
progress	rows	bigint
progress	bytes	bigint
progress	expected_rows	bigint
progress	rows_per_second	double precision
progress	started_at	timestamp with time zone
progress	last_row_at	timestamp with time zone
progress	estimated_time_left	interval
progress	blocked_by	integer[]
my_limits	provider	text
my_limits	enabled	boolean
my_limits	max_rows	bigint
my_limits	max_columns	integer
my_limits	max_syncs	integer
my_limits	max_stored_syncs	integer
my_limits	max_imports	integer
my_limits	max_queued_imports	integer
\.

CREATE TEMPORARY VIEW actual AS
SELECT c.oid, c.relname AS view, a.attnum AS number,
       a.attname::text COLLATE "default" AS name, format_type(a.atttypid, a.atttypmod) COLLATE "default" AS type
FROM member m
JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass AND c.relkind = 'v'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0;

SELECT plan(5 + 2 * count(DISTINCT view)::integer) FROM expected;

SELECT results_eq(format('SELECT name, type FROM actual WHERE view = %L ORDER BY number', view),
                  format('SELECT name, type FROM expected WHERE view = %L ORDER BY number', view),
                  'the columns of connector.' || view)
FROM expected GROUP BY view ORDER BY view;

SELECT is(ARRAY(SELECT privilege_type FROM aclexplode(c.relacl) WHERE grantee = 0), '{SELECT}',
          'everybody may read connector.' || c.relname || ', and nothing else')
FROM pg_class c WHERE c.oid IN (SELECT oid FROM actual) ORDER BY c.relname;

SELECT is_empty('SELECT view FROM actual EXCEPT SELECT view FROM expected', 'there is no other view');
SELECT is_empty($$SELECT DISTINCT view FROM actual WHERE obj_description(oid, 'pg_class') IS NULL$$, 'each has a comment');
SELECT is_empty($$SELECT view, name FROM actual WHERE col_description(oid, number) IS NULL$$,
                'and so has each of their columns');
-- Without it a function in a condition could be shown rows of others before the view leaves them out.
SELECT set_eq($$SELECT relname FROM pg_class WHERE oid IN (SELECT oid FROM actual) AND reloptions @> '{security_barrier=true}'$$,
              ARRAY['imports', 'runs', 'syncs'], 'the views of stored rows are security barriers');
SELECT ok(has_schema_privilege('public', 'connector', 'USAGE') AND NOT has_schema_privilege('public', 'connector', 'CREATE'),
          'everybody may use the schema connector, and nobody may create anything in it');

SELECT * FROM finish();
ROLLBACK;
