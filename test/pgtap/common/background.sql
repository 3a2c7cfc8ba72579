-- For recipes that have their work done by others, or by CALL cdb_run_due_syncs(). As that runs whatever is due in the
-- database, such a recipe is left out while something else is.
SELECT :'has_remote'::boolean AND work.is_none AS has_remote,
       CASE WHEN work.is_none THEN :'no_remote' ELSE 'syncs or imports of this database wait for their run' END AS no_remote
FROM (SELECT NOT EXISTS (SELECT FROM connector.syncs WHERE run_at <= now() AND NOT paused)
             AND NOT EXISTS (SELECT FROM connector.imports WHERE ended_at IS NULL) AS is_none) work \gset

-- Waits until a query is true, a minute at most, and tells whether it is.
CREATE FUNCTION pg_temp.wait_for(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    answer boolean;
BEGIN
    FOR attempt IN 1 .. 1200 LOOP
        EXECUTE query INTO answer;
        EXIT WHEN answer;
        PERFORM pg_sleep(0.05);
    END LOOP;
    RETURN answer;
END $$;
