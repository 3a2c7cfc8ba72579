-- A materialized view over a synced table, refreshed after each run that succeeded. Needs keep_fresh.sql.
\set ON_ERROR_STOP on

DROP MATERIALIZED VIEW IF EXISTS shop.orders_by_state;
CREATE MATERIALIZED VIEW shop.orders_by_state AS
  SELECT state, count(*) AS orders, sum(price) AS total FROM shop.fresh_orders GROUP BY state;
CREATE UNIQUE INDEX ON shop.orders_by_state (state);

-- The statement names its tables with their schema. A password in the request would stay as it is: the view shows it masked.
SELECT cdb_sync_update('fresh_orders', connector => (request::jsonb || jsonb_build_object('sync',
  request::jsonb -> 'sync' || '{"on_success": "REFRESH MATERIALIZED VIEW CONCURRENTLY shop.orders_by_state"}'))::json) ->> 'state' AS state
FROM connector.syncs WHERE name = 'fresh_orders';

SELECT cdb_sync_now('fresh_orders', wait => true, raise => true) ->> 'state' AS state;
SELECT statement_error FROM connector.syncs WHERE name = 'fresh_orders';
SELECT * FROM shop.orders_by_state ORDER BY state;
