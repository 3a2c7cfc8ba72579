-- The other side of the recipes: this very server over TCP, as a remote database of its own. Makes the schema
-- connector_pgtap_shop with a few tables and the role connector_pgtap_reader, which may read them and has a password of this
-- moment, and sets the psql variables has_remote, whether it can be reached, by that password only, and no_remote, why not.
-- What it makes is committed; teardown.sql removes it. Files that run at the same time wait for one another.
DO $$ BEGIN PERFORM pg_advisory_lock(hashtext('connector pgtap')); END $$;
\ir teardown.sql

SELECT gen_random_uuid() AS password \gset
CREATE ROLE connector_pgtap_reader LOGIN PASSWORD :'password';
ALTER ROLE connector_pgtap_reader SET lc_messages = 'C';
SELECT format('GRANT CONNECT ON DATABASE %I TO connector_pgtap_reader', current_database()) \gexec
CREATE SCHEMA connector_pgtap_shop;
GRANT USAGE ON SCHEMA connector_pgtap_shop TO connector_pgtap_reader;
CREATE TABLE connector_pgtap_shop.customers (
    id integer PRIMARY KEY,
    name varchar(60) NOT NULL,
    city text
);
CREATE TABLE connector_pgtap_shop.orders (
    id bigint PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES connector_pgtap_shop.customers,
    state text NOT NULL DEFAULT 'open',
    price numeric(10,2) NOT NULL,
    ordered_at timestamptz NOT NULL,
    details jsonb
);
COMMENT ON COLUMN connector_pgtap_shop.orders.id IS 'order number';
CREATE INDEX orders_customer ON connector_pgtap_shop.orders (customer_id);
CREATE VIEW connector_pgtap_shop.open_orders AS SELECT * FROM connector_pgtap_shop.orders WHERE state = 'open';
INSERT INTO connector_pgtap_shop.customers VALUES (1, 'Ana', 'Faro'), (2, 'Berta', NULL), (3, 'Cyril', 'Tokyo');
INSERT INTO connector_pgtap_shop.orders VALUES
    (1, 1, 'open', 10.50, '2024-02-29 12:00:00.123456+00', '{"gift": true}'),
    (2, 1, 'paid', 0.01, '2024-03-01 00:00+00', NULL),
    (3, 2, 'paid', 99999999.99, '2024-03-02 23:59:59+00', '{}'),
    (4, 3, 'shipped', 7, '2024-03-03 00:00+00', '[1, 2]');
GRANT SELECT ON ALL TABLES IN SCHEMA connector_pgtap_shop TO connector_pgtap_reader;

SELECT json_build_object('server', '127.0.0.1', 'port', current_setting('port')::integer, 'database', current_database(),
                         'username', 'connector_pgtap_reader', 'password', :'password', 'sslmode', 'prefer') AS connection \gset

-- A request for the remote that puts tables into the schema connector_pgtap_copy, with more keys.
SET connector_pgtap.connection = :'connection';
CREATE FUNCTION pg_temp.request(more jsonb DEFAULT '{}') RETURNS json LANGUAGE sql AS $$
    SELECT (jsonb_build_object('provider', 'postgres', 'connection', current_setting('connector_pgtap.connection')::jsonb,
                               'schema', 'connector_pgtap_shop', 'target_schema', 'connector_pgtap_copy') || more)::json
$$;

-- Why there is no such remote; NULL if there is. A server that takes a wrong password asks for none.
CREATE FUNCTION pg_temp.no_remote() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cdb_connector_check(pg_temp.request());
    BEGIN
        PERFORM cdb_connector_check(jsonb_set(pg_temp.request()::jsonb, '{connection,password}', '"not this one"')::json);
    EXCEPTION WHEN OTHERS THEN
        RETURN NULL;
    END;
    RETURN 'the server asks for no password on 127.0.0.1';
EXCEPTION WHEN OTHERS THEN
    RETURN 'the server can''t be its own remote over TCP: ' || replace(SQLERRM, E'\n', ' ');
END $$;
SELECT reason IS NULL AS has_remote, coalesce(reason, '') AS no_remote FROM pg_temp.no_remote() AS reason \gset
