-- The error numbers and their SQLSTATEs, on which scripts and EXCEPTION blocks rely.
\ir common/session.sql
BEGIN;

CREATE TEMPORARY TABLE expected (error_code integer, sqlstate text, who text, title text);
COPY expected FROM stdin;
1011	HV00L	remote	Cannot read from the remote database
1012	HV00N	remote	Cannot connect to the remote database
1014	42602	user	Invalid name
1022	42P07	user	Table was skipped
1501	42501	administrator	Connector is disabled
1502	HV024	user	Invalid connector parameters
2001	22000	user	Cannot load the data
2004	54011	user	Too many columns
2005	42701	user	Duplicated column
2006	22021	user	Encoding error
2012	HV021	user	Incompatible schemas
2013	2BP01	user	Dependent objects are in the way
6667	HYT00	user	Timed out
6669	53400	user	Too many concurrent imports
6671	58000	administrator	Worker was lost
6672	57014	user	Cancelled
6673	08006	remote	Remote is silent
99999	HV000	administrator	Unknown error
\.

SELECT plan(4 + count(*)::integer) FROM expected;

SELECT is((SELECT (c.sqlstate, c.who, c.title)::text FROM cdb_error_codes() c WHERE c.error_code = e.error_code),
          (e.sqlstate, e.who, e.title)::text, e.error_code || ': ' || e.title)
FROM expected e ORDER BY e.error_code;

SELECT is_empty('SELECT error_code FROM cdb_error_codes() EXCEPT SELECT error_code FROM expected', 'there is no other number');
SELECT is_empty($$SELECT error_code FROM cdb_error_codes() WHERE what_to_do !~ '[.]$'$$, 'each says what to do');
SELECT is_empty('SELECT sqlstate FROM cdb_error_codes() GROUP BY sqlstate HAVING count(*) > 1',
                'the SQLSTATE tells them apart');
SELECT results_eq('SELECT error_code FROM cdb_error_codes()', 'SELECT error_code FROM cdb_error_codes() ORDER BY 1',
                  'they come in order');

SELECT * FROM finish();
ROLLBACK;
