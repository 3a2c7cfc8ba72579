"""keep: indexes, defaults and foreign keys of the source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import Syncs, processes, wait_for_batch

from servers.process import wait_until
from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

SCHEMA = "kept"
ALL = ["indexes", "defaults", "foreign_keys"]


@pytest.fixture
def shop(mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    """Customers with orders, in a database of its own."""
    user = mariadb.connection()["username"]
    mariadb.execute(
        f"DROP DATABASE IF EXISTS {SCHEMA}",
        f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4",
        f"GRANT ALL ON {SCHEMA}.* TO '{user}'@'%'",
        f"""CREATE TABLE {SCHEMA}.customer (
            id int PRIMARY KEY, name varchar(40) NOT NULL DEFAULT 'nobody', boss int, email varchar(60), born date,
            UNIQUE KEY by_email (email), KEY by_name (name, born), KEY beginning (name(5)),
            CONSTRAINT boss_key FOREIGN KEY (boss) REFERENCES {SCHEMA}.customer (id) ON DELETE SET NULL)""",
        f"""CREATE TABLE {SCHEMA}.orders (
            id int AUTO_INCREMENT PRIMARY KEY, customer int NOT NULL, price decimal(8,2) DEFAULT 9.50, noted text,
            ordered datetime(6) DEFAULT CURRENT_TIMESTAMP(6), sum decimal(10,2) AS (price * 2) STORED, calculated int DEFAULT (1 + 1),
            CONSTRAINT customer_key FOREIGN KEY (customer) REFERENCES {SCHEMA}.customer (id) ON DELETE CASCADE ON UPDATE CASCADE)""",
        f"INSERT INTO {SCHEMA}.customer VALUES (1, 'ana', NULL, 'a@x', '2000-01-01'), (2, 'bo', 1, 'b@x', NULL)",
        f"INSERT INTO {SCHEMA}.orders (customer, noted) VALUES (1, 'first'), (2, 'second')",
    )
    yield mariadb
    mariadb.execute(f"DROP DATABASE {SCHEMA}")


@pytest.fixture(autouse=True)
def _clean(db: Database) -> Iterator[None]:
    yield
    db.execute("DROP TABLE IF EXISTS public.orders, public.customer, public.a_first, public.z_last, public.zz CASCADE")
    Syncs(db).clean()


def request(remote: MySqlRemote, **keys: object) -> dict[str, object]:
    return {"provider": "mysql", "connection": remote.connection(), "schema": SCHEMA, **keys}


def indexes(db: Database, table: str) -> list[str]:
    """Without their names."""
    return sorted(
        ("UNIQUE" if "UNIQUE" in definition else "") + definition.split(" USING", 1)[1]
        for (definition,) in db.rows("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary", table)
    )


def defaults(db: Database, table: str) -> dict[str, str]:
    return dict(
        db.rows(
            "SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid "
            "AND a.attnum = d.adnum WHERE d.adrelid = %s::regclass",
            table,
        )
    )


def foreign_keys(db: Database, table: str) -> list[str]:
    return [
        text for (text,) in db.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass ORDER BY 1", table)
    ]


def notices(db: Database) -> str:
    return "".join(db.notices)


def test_one_import_after_the_other(db: Database, shop: MySqlRemote) -> None:
    db.import_table(request(shop, table="customer", keep=ALL))
    told = notices(db)
    assert 'index "beginning" is left out' in told and "WARNING" not in told
    assert indexes(db, "customer") == [" btree (boss)", " btree (name, born)", "UNIQUE btree (email)"]
    assert defaults(db, "customer") == {"name": "'nobody'::character varying"}
    assert foreign_keys(db, "customer") == ["FOREIGN KEY (boss) REFERENCES customer(id) ON DELETE SET NULL"]
    db.import_table(request(shop, table="orders", keep=ALL))
    told = notices(db)
    assert "AUTO_INCREMENT" in told and 'efault of column "calculated" is left out' in told
    assert defaults(db, "orders") == {"price": "9.50", "ordered": "LOCALTIMESTAMP"}
    assert foreign_keys(db, "orders") == ["FOREIGN KEY (customer) REFERENCES customer(id) ON UPDATE CASCADE ON DELETE CASCADE"]
    db.execute("INSERT INTO orders (id, customer) VALUES (3, 1)")
    assert db.rows("SELECT price, ordered IS NOT NULL FROM orders WHERE id = 3")[0][1] is True
    with fails("violates foreign key", sqlstate="23503"):
        db.execute("INSERT INTO orders (id, customer) VALUES (4, 99)")


def test_only_what_is_asked_for(db: Database, shop: MySqlRemote) -> None:
    db.import_table(request(shop, table="customer"))
    assert (indexes(db, "customer"), defaults(db, "customer"), foreign_keys(db, "customer")) == ([], {}, [])
    db.execute("DROP TABLE customer")
    db.import_table(request(shop, table="customer", keep=["defaults"]))
    assert indexes(db, "customer") == [] and defaults(db, "customer") and not foreign_keys(db, "customer")


def test_the_other_table_is_not_here(db: Database, shop: MySqlRemote) -> None:
    result = db.import_table(request(shop, table="orders", keep=["foreign_keys"]))
    assert 'foreign key "customer_key" is left out: table "customer", to which it refers, is not here' in notices(db)
    assert result["rows"] == 2 and foreign_keys(db, "orders") == []


def test_rows_that_do_not_hold(db: Database, shop: MySqlRemote) -> None:
    db.import_table(request(shop, table="customer"))
    db.execute("DELETE FROM customer WHERE id = 2")
    db.import_table(request(shop, table="orders", keep=["foreign_keys"]))
    assert "violates foreign key constraint" in notices(db) and "(customer)=(2)" in notices(db)
    assert foreign_keys(db, "orders") == []


def test_columns_that_are_not_chosen(db: Database, shop: MySqlRemote) -> None:
    db.import_table(request(shop, table="customer", columns=["id", "name"], keep=ALL))
    told = notices(db)
    assert indexes(db, "customer") == [] and foreign_keys(db, "customer") == []
    for part, column in (("ndex \"by_email\"", "email"), ("ndex \"by_name\"", "born"), ("oreign key \"boss_key\"", "boss")):
        assert f'{part} is left out: column "{column}" is not in the table' in told


def test_other_types(db: Database, shop: MySqlRemote) -> None:
    """What the request makes of a column has no such default, or takes its text."""
    db.import_table(request(shop, table="orders", columns={"id": None, "price": "text", "ordered": "text"}, keep=["defaults"]))
    assert 'efault of column "ordered" is left out: the column\'s type has no such value' in notices(db)
    assert defaults(db, "orders") == {"price": "'9.50'::text"}


def test_values_that_do_not_fit_an_index(db: Database, shop: MySqlRemote) -> None:
    shop.execute(
        f"CREATE TABLE {SCHEMA}.wide (id int PRIMARY KEY, v varchar(3000) CHARACTER SET latin1, KEY by_v (v))",
        f"INSERT INTO {SCHEMA}.wide VALUES (1, (SELECT group_concat(md5(seq) SEPARATOR '') FROM seq_1_to_90))",
    )
    db.import_table(request(shop, table="wide", keep=["indexes"]))
    assert 'index "by_v" is left out: index row size' in notices(db)
    assert indexes(db, "wide") == []
    db.execute("DROP TABLE wide")


def test_a_sync_keeps_them(db: Database, shop: MySqlRemote) -> None:
    """They are the table's own from then on."""
    syncs = Syncs(db)
    with fails(number=1502, detail='"foreign_keys"'):
        syncs.create(request(shop, table="customer", keep=ALL))
    id = syncs.create(request(shop, table="customer", keep=["indexes", "defaults"]))["id"]
    assert syncs.now(id, wait=True)["state"] == "success"
    before = (indexes(db, "customer"), defaults(db, "customer"))
    assert len(before[0]) == 3 and len(before[1]) == 1
    shop.execute(f"INSERT INTO {SCHEMA}.customer (id) VALUES (3)", f"ALTER TABLE {SCHEMA}.customer ADD KEY more (born)")
    assert syncs.now(id, wait=True)["state"] == "success"
    assert db.value("SELECT count(*) FROM customer") == 3
    assert (indexes(db, "customer"), defaults(db, "customer")) == before


def test_for_tables_only(db: Database, shop: MySqlRemote) -> None:
    with fails(number=1502, detail='Key "keep" is for a "table"'):
        db.import_table(request(shop, sql_query="SELECT 1 AS one", import_as="x", keep=["indexes"]))
    with fails(number=1502, detail='Each element of key "keep"'):
        db.import_table(request(shop, table="orders", keep=["triggers"]))


def test_a_table_of_another_schema(db: Database, shop: MySqlRemote) -> None:
    """One of the same name that is here is not the one that is meant."""
    user = shop.connection()["username"]
    shop.execute(
        "DROP DATABASE IF EXISTS kept_other",
        "CREATE DATABASE kept_other",
        f"GRANT ALL ON kept_other.* TO '{user}'@'%'",
        "CREATE TABLE kept_other.customer (id int PRIMARY KEY)",
        f"CREATE TABLE {SCHEMA}.away (id int PRIMARY KEY, far int, CONSTRAINT far_key FOREIGN KEY (far) REFERENCES kept_other.customer (id))",
    )
    try:
        db.import_table(request(shop, table="customer"))
        for keys in ({}, {"schema": None, "connection": shop.connection(database=SCHEMA)}):
            db.import_table({**request(shop, table="away", keep=["foreign_keys"]), **keys})
            assert 'foreign key "far_key" is left out: table "customer", to which it refers, is not here' in notices(db)
            assert foreign_keys(db, "away") == []
            db.execute("DROP TABLE away")
        import_all(db, shop, collision_strategy="rename")
        assert "is not here" in problems(db)["away"] and foreign_keys(db, "away") == []
        db.execute("DROP TABLE away, customer_1 CASCADE")
    finally:
        shop.execute("SET foreign_key_checks = 0", f"DROP TABLE {SCHEMA}.away", "DROP DATABASE kept_other")


def test_a_provider_that_tells_nothing(db: Database, hive: Any) -> None:
    hive.create_rows("kept_rows", 2)
    try:
        db.import_table(hive.connector(table="kept_rows", keep=["indexes"]))
        assert '"keep" has no effect' in notices(db)
        db.execute("DROP TABLE kept_rows")
    finally:
        hive.drop("kept_rows")


def test_default_columns(db: Database, shop: MySqlRemote) -> None:
    """Parts follow a column that gives way to one of CARTO's."""
    shop.execute(f"CREATE TABLE {SCHEMA}.carto (id int PRIMARY KEY, cartodb_id int DEFAULT 7, KEY by_it (cartodb_id))")
    db.import_table(request(shop, table="carto", keep=["indexes", "defaults"], default_columns=True))
    assert " btree (source_cartodb_id)" in indexes(db, "carto") and defaults(db, "carto")["source_cartodb_id"] == "7"
    db.execute("DROP TABLE carto")


def test_event_triggers_may_refuse(db: Database, shop: MySqlRemote) -> None:
    """A part is left out then, and the import goes on."""
    db.execute(
        "CREATE FUNCTION no_index() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no index here'; END$$;"
        "CREATE EVENT TRIGGER no_index ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION no_index()"
    )
    try:
        db.import_table(request(shop, table="customer", keep=["indexes"]))
        assert 'ndex "by_name" is left out: no index here' in notices(db)
        assert indexes(db, "customer") == ["UNIQUE btree (email)"]
    finally:
        db.execute("DROP EVENT TRIGGER no_index; DROP FUNCTION no_index()")


def import_all(db: Database, shop: MySqlRemote, **keys: object) -> str:
    rows = db.rows("SELECT batch_id, problem FROM cdb_import_tables(%s)", json.dumps(request(shop, keep=ALL, **keys)))
    assert not any(problem for _, problem in rows)
    wait_for_batch(db, rows[0][0])
    return str(rows[0][0])


def problems(db: Database) -> dict[str, str]:
    return dict(db.rows("SELECT table_name, problem FROM connector.imports WHERE problem IS NOT NULL"))


def reopen_batch(db: Database, batch: str) -> None:
    """As it was before its end: orders has a foreign key to customer."""
    # A worker that looks for more to do would end it again.
    wait_until(lambda: not processes(db, "worker"), limit=60, what="the end of the workers")
    db.execute(f"UPDATE connector.import_batch SET ended_at = NULL WHERE id = '{batch}'")
    reference = {"name": "k", "columns": ["customer"], "schema": "", "table": "customer", "referenced_columns": ["id"]}
    actions = {"on_delete": "NO ACTION", "on_update": "NO ACTION", "match_full": False, "deferrable": False, "initially_deferred": False}
    for table, keys in (("orders", [{**reference, **actions}]), ("customer", [])):
        names = {"id": "id", "customer": "customer"}
        text = {"schema": SCHEMA, "table": table, "column_names": "normalize", "columns": names, "keys": keys}
        db.execute("UPDATE connector.import SET references_found = %s WHERE target_table = %s", json.dumps(text), table)


def test_foreign_keys_of_many(db: Database, shop: MySqlRemote) -> None:
    """Whatever order the tables come in; circles too."""
    shop.execute(
        f"CREATE TABLE {SCHEMA}.a_first (id int PRIMARY KEY, last int)",
        f"CREATE TABLE {SCHEMA}.z_last (id int PRIMARY KEY, first int, FOREIGN KEY (first) REFERENCES {SCHEMA}.a_first (id))",
        f"ALTER TABLE {SCHEMA}.a_first ADD FOREIGN KEY (last) REFERENCES {SCHEMA}.z_last (id)",
        f"INSERT INTO {SCHEMA}.a_first VALUES (1, NULL)",
        f"INSERT INTO {SCHEMA}.z_last VALUES (1, 1)",
        f"UPDATE {SCHEMA}.a_first SET last = 1",
    )
    import_all(db, shop)
    assert problems(db) == {}
    assert foreign_keys(db, "a_first") == ["FOREIGN KEY (last) REFERENCES z_last(id)"]
    assert foreign_keys(db, "z_last") == ["FOREIGN KEY (first) REFERENCES a_first(id)"]
    assert len(foreign_keys(db, "orders")) == 1 and len(foreign_keys(db, "customer")) == 1
    assert db.value("SELECT count(*) FROM connector.import WHERE references_found IS NOT NULL") == 0


def test_local_names_of_many(db: Database, shop: MySqlRemote) -> None:
    """A foreign key refers to the table of the call, whatever its name is here."""
    db.execute("CREATE TABLE customer (id int PRIMARY KEY)")
    import_all(db, shop, collision_strategy="rename")
    assert foreign_keys(db, "orders") == ["FOREIGN KEY (customer) REFERENCES customer_1(id) ON UPDATE CASCADE ON DELETE CASCADE"]
    db.execute("DROP TABLE customer_1 CASCADE")


def test_keys_that_do_not_hold(db: Database, shop: MySqlRemote) -> None:
    """The others are there; the problem stands at the import."""
    shop.execute("SET foreign_key_checks = 0", f"UPDATE {SCHEMA}.orders SET customer = 77 WHERE id = 2", "SET foreign_key_checks = 1")
    import_all(db, shop)
    assert list(problems(db)) == ["orders"]
    assert 'foreign key "customer_key" is left out' in problems(db)["orders"] and "(customer)=(77)" in problems(db)["orders"]
    assert len(foreign_keys(db, "customer")) == 1 and foreign_keys(db, "orders") == []


def test_tables_that_come_later(db: Database, shop: MySqlRemote) -> None:
    """Their keys refer to what a call before has brought."""
    shop.execute(f"RENAME TABLE {SCHEMA}.orders TO {SCHEMA}.zz")
    import_all(db, shop)
    shop.execute(f"RENAME TABLE {SCHEMA}.zz TO {SCHEMA}.orders")
    rows = db.rows("SELECT name, batch_id FROM cdb_import_tables(%s, '{orders}')", json.dumps(request(shop, keep=ALL)))
    wait_for_batch(db, rows[0][1])
    assert len(foreign_keys(db, "orders")) == 1 and problems(db) == {}


def test_columns_of_a_table_that_came_before(db: Database, shop: MySqlRemote) -> None:
    """Two whose names became alike can't be told apart by their names alone: rather no key than a wrong one."""
    shop.execute(
        f"CREATE TABLE {SCHEMA}.twins (`user id` int, `user-id` int, UNIQUE (`user id`), UNIQUE (`user-id`))",
        f"INSERT INTO {SCHEMA}.twins VALUES (1, 2), (2, 1)",
        f"CREATE TABLE {SCHEMA}.refers (id int PRIMARY KEY, twin int, CONSTRAINT k FOREIGN KEY (twin) REFERENCES {SCHEMA}.twins (`user-id`))",
        f"INSERT INTO {SCHEMA}.refers VALUES (1, 2)",
    )
    try:
        for tables in ("{twins}", "{refers}"):
            rows = db.rows("SELECT batch_id FROM cdb_import_tables(%s, %s)", json.dumps(request(shop, keep=ALL)), tables)
            wait_for_batch(db, rows[0][0])
        assert problems(db) == {"refers": 'foreign key "k" is left out: which columns it refers to can\'t be told here'}
        assert foreign_keys(db, "refers") == []
        db.execute("DROP TABLE twins, refers")
        # Of one call it is known.
        rows = db.rows("SELECT batch_id FROM cdb_import_tables(%s, '{twins,refers}')", json.dumps(request(shop, keep=ALL)))
        wait_for_batch(db, rows[0][0])
        assert foreign_keys(db, "refers") == ["FOREIGN KEY (twin) REFERENCES twins(user_id_1)"]
    finally:
        db.execute("DROP TABLE IF EXISTS twins, refers")


def test_a_table_that_is_dropped_before_the_end(db: Database, shop: MySqlRemote) -> None:
    """Its keys are gone with it, and those to it can't be added."""
    db.execute("BEGIN")
    rows = db.rows("SELECT batch_id FROM cdb_import_tables(%s)", json.dumps(request(shop, keep=ALL)))
    batch = rows[0][0]
    db.execute("COMMIT")
    wait_for_batch(db, batch)
    db.execute("DROP TABLE customer CASCADE")
    reopen_batch(db, batch)
    db.execute("CALL cdb_run_due_syncs()")
    wait_for_batch(db, batch)
    assert problems(db) == {"orders": 'foreign key "k" is left out: table "customer", to which it refers, is not here'}


def test_a_plain_role(db: Database, shop: MySqlRemote, one_role: Database) -> None:
    """Its keys are added with its rights, whoever's CALL ends the batch."""
    rows = one_role.rows("SELECT batch_id FROM cdb_import_tables(%s)", json.dumps(request(shop, keep=ALL, target_schema="mine")))
    wait_for_batch(db, rows[0][0])
    assert len(foreign_keys(db, "mine.orders")) == 1
    # Another's table of that name is not referred to.
    one_role.execute("DROP TABLE mine.orders, mine.customer")
    db.execute("CREATE TABLE mine.customer (id int PRIMARY KEY); INSERT INTO mine.customer VALUES (1), (2)")
    rows = one_role.rows("SELECT batch_id FROM cdb_import_tables(%s, '{orders}')", json.dumps(request(shop, keep=ALL, target_schema="mine")))
    wait_for_batch(db, rows[0][0])
    assert foreign_keys(db, "mine.orders") == []
    (problem,) = one_role.rows("SELECT problem FROM connector.imports WHERE problem IS NOT NULL")[0]
    assert "belongs to another role here" in problem


@pytest.fixture
def one_role(db: Database) -> Iterator[Database]:
    role = db.create_role("keeper")
    db.execute("ALTER ROLE keeper SET connector.allow_local_addresses = on; CREATE SCHEMA mine; GRANT USAGE, CREATE ON SCHEMA mine TO keeper")
    yield role
    role.close()
    db.execute("DROP SCHEMA mine CASCADE")
    db.drop_role("keeper")


BAIT = """
    DROP TABLE mine.orders;
    CREATE TABLE mine.seen (who name);
    CREATE TYPE mine.bait AS (v int);
    CREATE FUNCTION mine.spring(b mine.bait) RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO mine.seen VALUES (current_user); RETURN b.v; END $$;
    CREATE CAST (mine.bait AS int) WITH FUNCTION mine.spring(mine.bait) AS IMPLICIT;
    CREATE TABLE mine.orders (id int, customer mine.bait);
    INSERT INTO mine.orders VALUES (1, ROW(1))
"""


@pytest.mark.parametrize("when", ["before the end", "while the end waits for it"])
def test_a_table_of_another_role_in_its_place(db: Database, shop: MySqlRemote, one_role: Database, when: str) -> None:
    """Whose casts a foreign key would run with the rights of the batch's role."""
    rows = db.rows("SELECT batch_id FROM cdb_import_tables(%s)", json.dumps(request(shop, keep=ALL, target_schema="mine")))
    batch = rows[0][0]
    wait_for_batch(db, batch)
    db.execute("ALTER SCHEMA mine OWNER TO keeper")
    reopen_batch(db, batch)
    if when == "before the end":
        one_role.execute(BAIT)
        db.execute("CALL cdb_run_due_syncs()")
    else:
        one_role.execute("BEGIN;" + BAIT)
        with db.in_background("CALL cdb_run_due_syncs()") as end:
            end.wait_for_lock()
            one_role.execute("COMMIT")
            end.result()
    wait_for_batch(db, batch)
    assert db.rows("SELECT who FROM mine.seen") == []
    assert foreign_keys(db, "mine.orders") == []
    if when == "before the end":
        assert problems(db) == {"orders": 'foreign key "k" is left out: the table belongs to another role now'}


def test_a_referenced_table_of_another_role_in_its_place(db: Database, shop: MySqlRemote, one_role: Database) -> None:
    """Who could delete rows of the batch's role by it."""
    rows = db.rows("SELECT batch_id FROM cdb_import_tables(%s)", json.dumps(request(shop, keep=ALL, target_schema="mine")))
    batch = rows[0][0]
    wait_for_batch(db, batch)
    db.execute("ALTER SCHEMA mine OWNER TO keeper")
    one_role.execute("DROP TABLE mine.customer CASCADE; CREATE TABLE mine.customer (id int PRIMARY KEY); INSERT INTO mine.customer VALUES (1), (2)")
    reopen_batch(db, batch)
    db.execute("CALL cdb_run_due_syncs()")
    wait_for_batch(db, batch)
    assert foreign_keys(db, "mine.orders") == []
    assert problems(db) == {"orders": 'foreign key "k" is left out: table "customer", to which it refers, is not here'}


def test_postgres(db: Database, postgres15: PostgresRemote) -> None:
    """The same from a PostgreSQL."""
    postgres15.execute(
        "DROP SCHEMA IF EXISTS kept CASCADE",
        "CREATE SCHEMA kept",
        f"GRANT USAGE ON SCHEMA kept TO {postgres15.connection()['username']}",
        "CREATE TABLE kept.customer (id serial PRIMARY KEY, name varchar(40) DEFAULT 'it''s \\ me', since timestamptz DEFAULT now(), tags text[] DEFAULT '{a,b}')",
        "CREATE UNIQUE INDEX ON kept.customer (name DESC NULLS LAST) INCLUDE (since)",
        "CREATE INDEX ON kept.customer USING gin (tags)",
        "CREATE INDEX part ON kept.customer (since) WHERE id > 3",
        "CREATE INDEX expression ON kept.customer (lower(name))",
        "CREATE TABLE kept.orders (id int PRIMARY KEY, customer int REFERENCES kept.customer ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO kept.customer (name) VALUES ('ana')",
        "INSERT INTO kept.orders VALUES (1, 1)",
    )
    try:
        connector = {"provider": "postgres", "connection": postgres15.connection(), "schema": "kept", "keep": ALL}
        rows = db.rows("SELECT batch_id, problem FROM cdb_import_tables(%s)", json.dumps(connector))
        assert [problem for _, problem in rows] == [None, None]
        wait_for_batch(db, rows[0][0])
        assert indexes(db, "customer") == [" gin (tags)", "UNIQUE btree (name DESC NULLS LAST) INCLUDE (since)"]
        assert defaults(db, "customer") == {
            "name": "'it''s \\ me'::character varying",
            "since": "CURRENT_TIMESTAMP",
            "tags": "'{a,b}'::text[]",
        }
        assert foreign_keys(db, "orders") == ["FOREIGN KEY (customer) REFERENCES customer(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"]
    finally:
        postgres15.execute("DROP SCHEMA kept CASCADE")


def test_defaults_of_domains(db: Database, postgres15: PostgresRemote) -> None:
    """A column without a default of its own has its domain's; NULL may be its own."""
    postgres15.drop("orders")
    postgres15.execute(
        "DROP DOMAIN IF EXISTS seven; CREATE DOMAIN seven AS int DEFAULT 7",
        "CREATE TABLE orders (id int, of_domain seven, own seven DEFAULT 8, nothing seven DEFAULT NULL, computed seven GENERATED ALWAYS AS (id) STORED)",
        "INSERT INTO orders (id) VALUES (1)",
    )
    db.import_table(postgres15.connector(table="orders", keep=["defaults"]))
    db.execute("INSERT INTO orders (id) VALUES (2)")
    assert db.rows("SELECT of_domain, own, nothing, computed FROM orders ORDER BY id") == [(7, 8, None, 1), (7, 8, None, None)]
    postgres15.drop("orders")
    postgres15.execute("DROP DOMAIN seven")


def test_what_is_left_out_in_the_background(db: Database, shop: MySqlRemote) -> None:
    """Where nobody sees a NOTICE."""
    import_all(db, shop)
    left_out = dict(db.rows("SELECT table_name, warnings -> 'left_out' FROM connector.imports WHERE warnings IS NOT NULL"))
    assert [line.split(":")[0] for line in left_out["customer"]] == ['index "beginning" is left out']
    assert len(left_out["orders"]) == 2 and all("default of column" in line for line in left_out["orders"])
    db.execute("DROP TABLE customer, orders CASCADE")
    id = db.value("SELECT cdb_import_connector(%s, wait => false) ->> 'item_queue_id'", json.dumps(request(shop, table="orders", keep=["foreign_keys"])))
    wait_until(lambda: db.value("SELECT ended_at IS NOT NULL FROM connector.imports WHERE item_queue_id = %s", id), limit=60, what="the import")
    (row,) = db.rows("SELECT state, problem FROM connector.imports WHERE item_queue_id = %s", id)
    assert row == ("complete", 'foreign key "customer_key" is left out: table "customer", to which it refers, is not here')
    result = db.import_table(request(shop, table="orders", keep=["foreign_keys"], import_as="orders_too"))
    assert result["warnings"]["left_out"] == [row[1]]
    db.execute("DROP TABLE orders_too")
