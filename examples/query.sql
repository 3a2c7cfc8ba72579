-- A query of the remote, in its own dialect. Between dollar signs quotes and line breaks need no escapes. "columns" says
-- which columns come and as which types; null is the type that an import would choose.
\set ON_ERROR_STOP on

SELECT cdb_import_connector(json_build_object(
  'connection', 'shop',
  'target_schema', 'shop',
  'import_as', 'paid_orders',
  'collision_strategy', 'overwrite',
  'columns', json_build_object('id', 'bigint', 'name', 'text', 'price', NULL),
  'sql_query', $$
    SELECT o.id, c.name, o.price
    FROM orders o
    JOIN customers c ON c.id = o.customer
    WHERE o.state = 'paid'
  $$));

SELECT * FROM shop.paid_orders ORDER BY id;
