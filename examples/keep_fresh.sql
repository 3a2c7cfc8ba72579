-- Three ways to keep a table fresh. A name makes a sync of that name, or changes it: the script may be run again.
\set ON_ERROR_STOP on

-- All rows anew, exchanged at once: small tables.
SELECT cdb_sync_connector('{"connection": "shop", "table": "customers", "target_schema": "shop", "import_as": "fresh_customers"}',
  '1 hour', name => 'fresh_customers') ->> 'state' AS customers;

-- Only what differs is changed here: large tables, and those with triggers or foreign keys.
SELECT cdb_sync_connector('{"connection": "shop", "table": "orders", "target_schema": "shop", "import_as": "fresh_orders",
  "sync": {"mode": "merge"}}', '15 minutes', name => 'fresh_orders') ->> 'state' AS orders;

-- Only rows beyond the largest value so far, at night.
SELECT cdb_sync_connector('{"connection": "shop", "table": "orders", "target_schema": "shop", "import_as": "order_log",
  "sync": {"mode": "append", "cursor": "id", "at": "02:00 Europe/Berlin"}}', '1 day', name => 'order_log') ->> 'state' AS order_log;

-- They run by themselves where the library is preloaded. At once, here, and with an error if it fails; where the scheduler
-- has begun a run already this one comes after it:
SELECT cdb_sync_now('fresh_customers', wait => true, raise => true) ->> 'state' AS customers;
SELECT cdb_sync_now('fresh_orders', wait => true, raise => true) ->> 'state' AS orders;
SELECT cdb_sync_now('order_log', wait => true, raise => true) ->> 'state' AS order_log;

SELECT name, "interval", at, state, last_mode, last_rows, run_at FROM connector.syncs WHERE server = 'shop' ORDER BY name;
