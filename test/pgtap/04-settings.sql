-- The settings: name, type, default as it is built in, unit, range, and who may set it. What a server sets is its own.
\ir common/session.sql
BEGIN;

CREATE TEMPORARY TABLE expected (name text, type text, built_in text, unit text, lowest text, highest text, context text,
                                 "values" text[]);
COPY expected FROM stdin;
connector.allow_local_addresses	bool	off	\N	\N	\N	superuser	\N
connector.allowed_hosts	string		\N	\N	\N	superuser	\N
connector.batch_bytes	integer	262144	B	16384	67108864	superuser	\N
connector.connect_timeout	integer	10	s	1	3600	superuser	\N
connector.enable_key_lookup	bool	on	\N	\N	\N	user	\N
connector.enabled_providers	string		\N	\N	\N	superuser	\N
connector.keep_runs	integer	100	\N	1	2147483647	superuser	\N
connector.log_runs	enum	log	\N	\N	\N	superuser	{off,debug5,debug4,debug3,debug2,debug1,notice,warning,log}
connector.max_columns	integer	256	\N	1	1600	superuser	\N
connector.max_imports_per_role	integer	3	\N	0	1000	superuser	\N
connector.max_listed_tables	integer	500	\N	1	2147483647	superuser	\N
connector.max_queued_imports_per_role	integer	10000	\N	0	2147483647	superuser	\N
connector.max_reader_processes	integer	64	\N	0	10000	sighup	\N
connector.max_readers	integer	8	\N	1	32	superuser	\N
connector.max_readers_per_role	integer	16	\N	0	10000	superuser	\N
connector.max_retries	integer	10	\N	1	1000	superuser	\N
connector.max_rows	integer	1000000	\N	0	2147483647	superuser	\N
connector.max_stored_syncs_per_role	integer	10000	\N	0	2147483647	superuser	\N
connector.max_syncs_per_role	integer	3	\N	0	1000	superuser	\N
connector.max_workers	integer	4	\N	1	64	sighup	\N
connector.min_sync_interval	integer	900	s	1	2147483647	superuser	\N
connector.odbc_drivers	string		\N	\N	\N	superuser	\N
connector.range_rows	integer	20000	\N	1	2147483647	superuser	\N
connector.read_timeout	integer	600	s	0	2147483	superuser	\N
connector.reader_environment	string		\N	\N	\N	sighup	\N
connector.reader_memory	integer	1024	MB	0	2097151	superuser	\N
connector.statement_timeout	integer	3600	s	0	2147483	superuser	\N
\.

SELECT plan(3 + count(*)::integer) FROM expected;

SELECT is((SELECT (s.vartype, s.boot_val, s.unit, s.min_val, s.max_val, s.context, s.enumvals)::text
           FROM pg_settings s WHERE s.name = e.name),
          (e.type, e.built_in, e.unit, e.lowest, e.highest, e.context, e."values")::text,
          e.name)
FROM expected e ORDER BY e.name;

SELECT is_empty($$SELECT name FROM pg_settings WHERE name LIKE 'connector.%' EXCEPT SELECT name FROM expected$$,
                'there is no other setting');
SELECT is_empty($$SELECT name FROM pg_settings WHERE name LIKE 'connector.%' AND short_desc !~ '^[A-Z].*[.]$'$$,
                'each has a description, which is a sentence');
SELECT throws_ok('SET connector.nosuch = 1', '42602', NULL, 'a name that is none of them is refused');

SELECT * FROM finish();
ROLLBACK;
