-- PL/pgSQL: each table in a subtransaction of its own, so that one that fails leaves the others. Errors of the remote are
-- caught by WHEN OTHERS, time-outs of the connector's included; DETAIL has the connector's number in its last line.
\set ON_ERROR_STOP on

DO $$
DECLARE
  wanted text;
  result json;
  detail text;
  hint text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['customers', 'no_such_table', 'orders'] LOOP
    BEGIN
      result := cdb_import_connector(json_build_object('connection', 'shop', 'table', wanted, 'target_schema', 'shop',
        'import_as', 'loop_' || wanted, 'collision_strategy', 'overwrite'));
      RAISE NOTICE '%: % rows', wanted, result ->> 'rows';
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
      RAISE NOTICE '%: % (SQLSTATE %; %)', wanted, SQLERRM, SQLSTATE, substring(detail FROM 'Connector error [0-9]+');
    END;
  END LOOP;
END
$$;

SELECT (SELECT count(*) FROM shop.loop_customers) AS customers, (SELECT count(*) FROM shop.loop_orders) AS orders;
