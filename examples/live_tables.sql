-- Foreign tables: read from the remote by each query, nothing is stored. Here one joins an imported table. Needs one_table.sql.
\set ON_ERROR_STOP on

DROP FOREIGN TABLE IF EXISTS shop.live_customers;
SELECT cdb_foreign_table('{"connection": "shop", "table": "customers", "target_schema": "shop", "import_as": "live_customers"}');

-- The remote looks for the row.
SELECT * FROM shop.live_customers WHERE id = 2;

-- What the remote is asked for.
EXPLAIN (VERBOSE, COSTS off) SELECT name FROM shop.live_customers WHERE id = 2;

SELECT c.name, sum(o.price) AS total
FROM shop.live_customers c JOIN shop.orders o ON o.customer = c.id
GROUP BY c.name ORDER BY total DESC;
