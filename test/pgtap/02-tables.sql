-- The tables, which are the extension's own: nobody has a privilege on them, and superusers write one of them.
\ir common/session.sql
BEGIN;
\ir common/members.sql

CREATE TEMPORARY VIEW actual AS
SELECT c.* FROM member m JOIN pg_class c ON c.oid = m.objid AND m.classid = 'pg_class'::regclass AND c.relkind <> 'v';

SELECT plan(17);

SELECT set_eq('SELECT relname FROM actual',
              ARRAY['api_key', 'denied_login', 'import', 'import_batch', 'import_id_seq', 'import_secret', 'new_storage',
                    'role_limits', 'run', 'sync', 'sync_comparison', 'sync_range', 'sync_secret'],
              'these tables and the sequence are there, and no others');
SELECT is_empty($$SELECT relname FROM actual WHERE relnamespace <> 'connector'::regnamespace$$, 'all in the schema connector');
SELECT is_empty('SELECT relname FROM actual, aclexplode(relacl) WHERE grantee = 0', 'nobody has a privilege on them');
SELECT is_empty($$SELECT relname FROM actual
                  WHERE relkind = 'r' AND relname <> 'role_limits'
                    AND obj_description(oid, 'pg_class') NOT LIKE 'internal: %'$$,
                'the comment of each says that it is internal');
SELECT is_empty($$SELECT relname FROM actual WHERE relkind = 'r' AND obj_description(oid, 'pg_class') IS NULL$$,
                'each has a comment');

SELECT results_eq($$SELECT attname::text COLLATE "default", format_type(atttypid, atttypmod) COLLATE "default", attnotnull
                    FROM pg_attribute
                    WHERE attrelid = 'connector.role_limits'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum$$,
                  $$VALUES ('role_name', 'regrole', false), ('provider', 'text', false), ('enabled', 'boolean', true),
                           ('max_rows', 'bigint', false), ('max_syncs', 'integer', false)$$,
                  'the columns of connector.role_limits, which superusers write');
SELECT col_default_is('connector', 'role_limits', 'enabled', 'true', 'without a word, a row of it forbids nothing');
SELECT is_empty($$SELECT attname FROM pg_attribute WHERE attrelid = 'connector.role_limits'::regclass AND attnum > 0
                    AND col_description(attrelid, attnum) IS NULL$$,
                'each of its columns has a comment');

-- pg_read_all_data reads what row security does not keep it from.
SELECT set_eq('SELECT relname FROM actual WHERE relrowsecurity', ARRAY['api_key', 'import_secret', 'sync_secret'],
              'row security is on for the tables that have secrets');
SELECT is_empty('SELECT p.polname FROM pg_policy p JOIN actual a ON a.oid = p.polrelid', 'and no policy lets anybody read them');
SELECT is_empty('SELECT relname FROM actual WHERE relrowsecurity AND reltoastrelid <> 0',
                'they have no TOAST table, which row security would not reach');

SELECT results_eq($$SELECT a.relname::text COLLATE "default", t.tgname::text COLLATE "default", t.tgenabled::text,
                           t.tgfoid::regprocedure::text
                    FROM pg_trigger t JOIN actual a ON a.oid = t.tgrelid WHERE NOT t.tgisinternal$$,
                  $$VALUES ('sync', 'restored', 'A', 'connector.sync_restored()')$$,
                  'the one trigger pauses syncs that a restore or replication brings');

-- What pg_dump takes.
SELECT set_eq($$SELECT unnest(extconfig)::regclass::text FROM pg_extension WHERE extname = 'connector'$$,
              ARRAY['connector.role_limits', 'connector.sync'],
              'pg_dump takes limits and syncs, but no secrets, keys and histories');
SELECT is_empty($$SELECT condition FROM pg_extension, unnest(extcondition) condition
                  WHERE extname = 'connector' AND condition NOT LIKE 'WHERE %pg_catalog.pg_roles%'$$,
                'and of those only what belongs to a role that is there');
SELECT lives_ok(format('SELECT FROM %s %s', extconfig[i]::regclass, extcondition[i]), 'its condition for ' || extconfig[i]::regclass)
FROM pg_extension, generate_subscripts(extconfig, 1) i WHERE extname = 'connector';

SELECT is_empty($$SELECT conname FROM pg_constraint c JOIN actual a ON a.oid = c.conrelid WHERE NOT c.convalidated$$,
                'all constraints are validated');

SELECT * FROM finish();
ROLLBACK;
