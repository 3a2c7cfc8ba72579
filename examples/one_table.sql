-- One table, once: look first, then import. A table of that name that is there already gets the new contents.
\set ON_ERROR_STOP on

-- Can the remote be reached, and does it let us in?
SELECT cdb_connector_check('{"connection": "shop"}');

-- What would come, with the first rows.
SELECT jsonb_pretty(cdb_connector_dry_run('{"connection": "shop", "table": "orders"}', 2)::jsonb);

SELECT cdb_import_connector('{
  "connection": "shop",
  "table": "orders",
  "target_schema": "shop",
  "collision_strategy": "overwrite",
  "keep": ["indexes"]
}');

SELECT * FROM shop.orders ORDER BY id;
