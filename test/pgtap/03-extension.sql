-- The extension itself, its foreign data wrapper, and that there is nothing else that the other files do not know.
\ir common/session.sql
BEGIN;
\ir common/members.sql

SELECT plan(12);

SELECT has_extension('connector', 'the extension is there');
SELECT is_empty($$SELECT extversion, default_version FROM pg_extension JOIN pg_available_extensions ON name = extname
                  WHERE extname = 'connector' AND extversion <> default_version$$,
                'in the version whose files are installed: else ALTER EXTENSION connector UPDATE is due');
SELECT ok(NOT extrelocatable, 'it stays in its schema') FROM pg_extension WHERE extname = 'connector';
SELECT is_empty($$SELECT name FROM pg_available_extension_versions WHERE name = 'connector' AND (NOT superuser OR trusted)$$,
                'only superusers create it');

SELECT is_empty($$SELECT description FROM member
                  WHERE classid NOT IN ('pg_proc'::regclass, 'pg_class'::regclass)
                    AND description NOT IN ('schema connector', 'foreign-data wrapper connector')$$,
                'beside functions and relations it has a schema, a wrapper, and nothing else');
SELECT is(count(*), 2::bigint, 'which are both there') FROM member
WHERE description IN ('schema connector', 'foreign-data wrapper connector');
SELECT isnt(obj_description('connector'::regnamespace, 'pg_namespace'), NULL, 'the schema has a comment');

SELECT results_eq($$SELECT fdwhandler::regprocedure::text, fdwvalidator::regprocedure::text, fdwoptions
                    FROM pg_foreign_data_wrapper WHERE fdwname = 'connector'$$,
                  $$VALUES ('connector.fdw_handler()', 'connector.fdw_validator(text[],oid)', NULL::text[])$$,
                  'the wrapper''s handler and validator');
SELECT ok(NOT has_foreign_data_wrapper_privilege('public', 'connector', 'USAGE'),
          'the right to open connections given in a request is granted role by role');
SELECT isnt(obj_description(oid, 'pg_foreign_data_wrapper'), NULL, 'the wrapper has a comment')
FROM pg_foreign_data_wrapper WHERE fdwname = 'connector';

SELECT is_empty($$SELECT p.oid::regprocedure FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
                  WHERE p.prosecdef$$,
                'no function has other rights than its caller''s');
SELECT is_empty($$SELECT DISTINCT p.probin FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
                  JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname = 'c' AND p.probin <> '$libdir/connector'$$,
                'all that is written in C is in one library, found where the server''s own are');

SELECT * FROM finish();
ROLLBACK;
