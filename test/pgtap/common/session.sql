-- What each file begins with: functions are found in whatever schemas an administrator has put pgtap and connector.
-- A statement that fails is taken back, and the file goes on, so that it comes to its own cleaning up; the plan tells of the
-- tests that did not run.
\set QUIET on
\set ON_ERROR_STOP off
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
\pset pager off
SET client_min_messages = error;
-- What a server or a role may have set otherwise.
SET lc_messages = 'C';
SET intervalstyle = postgres;
SET default_transaction_isolation = 'read committed';
DO $$
BEGIN
  PERFORM pg_catalog.set_config('search_path', pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(n.nspname), ', '), false)
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname IN ('pgtap', 'connector');
END $$;
-- Loads the library, which defines the settings.
DO $$ BEGIN PERFORM cdb_connectors(); END $$;
