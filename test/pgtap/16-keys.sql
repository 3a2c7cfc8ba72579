-- Keys that stand for a role's password, as a program that offers the functions to others issues them.
\ir common/session.sql
BEGIN;
SELECT plan(12);
SELECT gen_random_uuid() AS id \gset
SELECT lives_ok(format($$SELECT connector.add_api_key(%L, 'pgTAP', sha256('secret'), '\x0102', now() + interval '1 hour')$$, :'id'),
                'a key is added for the role of the session');
SELECT is((role_name, label, expires_at > now(), last_used_at IS NULL)::text, format('(%I,pgTAP,t,t)', session_user), 'it is in the list')
FROM cdb_api_keys() WHERE id = :'id';
SELECT is((role_name, secret_hash, sealed)::text, (session_user, sha256('secret'), '\x0102'::bytea)::text,
          'what it opens is for the program') FROM connector.sealed_api_key(:'id');
SELECT is(connector.api_key_used(:'id'), true, 'that it was used');
SELECT isnt(last_used_at, NULL, 'is written down') FROM cdb_api_keys() WHERE id = :'id';

SELECT throws_ok(format($$SELECT connector.add_api_key(%L, 'short', '\x00', '\x0102', NULL)$$, gen_random_uuid()), 'HV024', NULL,
                 'a hash that is too short is refused');
SELECT throws_ok(format($$SELECT connector.add_api_key(%L, NULL, sha256('secret'), '\x0102', NULL)$$, gen_random_uuid()), 'HV024', NULL,
                 'and so is a key without a label');
SELECT lives_ok(format('SELECT cdb_api_key_revoke(%L)', :'id'), 'a key is revoked');
SELECT is_empty(format('SELECT FROM cdb_api_keys() WHERE id = %L', :'id'), 'then it is in no list');
SELECT is(connector.api_key_used(:'id'), false, 'and of no use');
SELECT throws_ok(format('SELECT cdb_api_key_revoke(%L)', :'id'), 'HV024', NULL, 'it can''t be revoked twice');
SELECT throws_ok('SELECT cdb_api_key_revoke(NULL)', 'HV024', NULL, 'nor can none');

SELECT * FROM finish();
ROLLBACK;
