"""Sakila, chinook and northwind come complete, by one call each: rows, keys, indexes, defaults and foreign keys."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from harness.database import Database
from harness.errors import fails
from harness.samples import NAMES, mysql_sample, postgres_sample
from harness.syncs import Syncs, wait_for_batch

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

# Each has no equivalent here, or none without PostGIS.
LEFT_OUT = {
    "mysql": {("film_text", "title, description"), ("address", "location"), ("suppliers", "homepage")},
    "postgres": {("film", "lower(title)"), ("rental", "customer_id) WHERE (return_date IS NULL")},
}
# Beside `last_update`, which has the current time in each table of sakila.
DEFAULTS: dict[tuple[str, str], dict[str, str]] = {
    ("mysql", "sakila"): {
        "film.rental_duration": "'3'::smallint", "film.rental_rate": "4.99", "film.replacement_cost": "19.99", "film.rating": "'G'::text",
        "staff.active": "true", "customer.active": "true",
    },
    ("postgres", "sakila"): {
        "film.rental_duration": "'3'::smallint", "film.rental_rate": "4.99", "film.replacement_cost": "19.99", "film.rating": "'G'::text",
        "staff.active": "true", "customer.activebool": "true", "customer.create_date": "CURRENT_DATE",
    },
    ("mysql", "chinook"): {},
    ("postgres", "chinook"): {},
    ("mysql", "northwind"): {
        "products.unitprice": "0.0000", "products.unitsinstock": "'0'::smallint", "products.reorderlevel": "'0'::smallint", "products.discontinued": "false",
        "orders.freight": "0.0000", "order_details.unitprice": "0.0000", "order_details.quantity": "'1'::smallint", "order_details.discount": "'0'::double precision",
    },
    ("postgres", "northwind"): {
        "products.unit_price": "'0'::real", "products.units_in_stock": "'0'::smallint", "products.reorder_level": "'0'::smallint", "products.discontinued": "0",
        "products.note": "'none; yet'::character varying", "orders.freight": "'0'::real", "orders.order_date": "CURRENT_DATE",
        "order_details.quantity": "'1'::smallint", "order_details.discount": "'0'::real",
    },
}  # fmt: skip
SCHEMA = "sample"


def local_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def local_names(text: str) -> str:
    return ", ".join(local_name(part.strip()) for part in text.split(","))


@pytest.fixture
def home(db: Database) -> Iterator[Database]:
    db.execute(f"CREATE SCHEMA {SCHEMA}")
    yield db
    db.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    Syncs(db).clean()


def import_all(db: Database, request: dict[str, object]) -> list[str]:
    """The names of the remote tables; waits for the end."""
    text = json.dumps({"target_schema": SCHEMA, "keep": ["indexes", "defaults", "foreign_keys"], **request})
    rows = db.rows("SELECT name, table_name, batch_id, problem FROM cdb_import_tables(%s)", text)
    assert [problem for *_, problem in rows] == [None] * len(rows)
    assert all(table == local_name(name) for name, table, *_ in rows)
    batch = rows[0][2]
    wait_for_batch(db, batch)
    failed = db.rows("SELECT source, error_message FROM connector.imports WHERE state <> 'complete'")
    assert failed == []
    again = db.rows("SELECT problem FROM cdb_import_tables(%s)", text)
    assert all("already" in problem for (problem,) in again)
    return [name for name, *_ in rows]


def plain(value: Any) -> Any:
    """As both drivers of Python can be made to give it."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(value, set):
        return ",".join(sorted(value))
    return value


def local_indexes(db: Database) -> set[tuple[str, str, bool]]:
    found = set()
    for table, definition, unique in db.rows(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisunique FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "WHERE c.relnamespace = %s::regnamespace AND NOT i.indisprimary",
        SCHEMA,
    ):
        found.add((table, definition.split(" USING ", 1)[1], unique))
    return found


def local_keys(db: Database) -> dict[str, str]:
    return dict(
        db.rows(
            "SELECT c.relname, substring(pg_get_constraintdef(k.oid) FROM '\\((.*)\\)') FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
            "WHERE k.contype = 'p' AND c.relnamespace = %s::regnamespace",
            SCHEMA,
        )
    )


def local_foreign_keys(db: Database) -> set[tuple[str, str]]:
    return {
        (table, definition.replace(f"{SCHEMA}.", ""))
        for table, definition in db.rows(
            "SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
            "WHERE k.contype = 'f' AND c.relnamespace = %s::regnamespace",
            SCHEMA,
        )
    }


def local_defaults(db: Database) -> dict[str, str]:
    return dict(
        db.rows(
            "SELECT c.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_class c ON c.oid = d.adrelid "
            "JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE c.relnamespace = %s::regnamespace",
            SCHEMA,
        )
    )


def check_defaults(db: Database, dialect: str, name: str) -> None:
    found = local_defaults(db)
    updates = {column: value for column, value in found.items() if column.endswith(".last_update")}
    assert set(updates.values()) <= {"CURRENT_TIMESTAMP"} and len(updates) == {"mysql": 15, "postgres": 14}[dialect] * (name == "sakila")
    assert {column: value for column, value in found.items() if column not in updates} == DEFAULTS[dialect, name]


@pytest.mark.parametrize("name", NAMES)
def test_from_mysql(home: Database, mariadb: MySqlRemote, name: str) -> None:
    with mysql_sample(mariadb, name) as schema:
        tables = import_all(home, {"provider": "mysql", "connection": mariadb.connection(), "schema": schema, "tinyint1": "boolean"})
        about = f"table_schema = '{schema}'"
        assert set(tables) == {table for (table,) in mariadb.rows(f"SELECT table_name FROM information_schema.tables WHERE {about}")}
        for table in tables:
            there = mariadb.rows(f"SELECT * FROM {schema}.`{table}`")
            here = home.rows(f"SELECT * FROM {SCHEMA}.{local_name(table)}")
            kinds = [kind for _, kind, _ in home.columns(f"{SCHEMA}.{local_name(table)}")]
            booleans = {i for i, kind in enumerate(kinds) if kind == "boolean"}
            binary = {i for i, kind in enumerate(kinds) if kind == "bytea"}
            changed = [
                tuple(
                    value not in (0, b"\0") if i in booleans and value is not None
                    else value[4:] if i in binary and "location" == home.columns(f"{SCHEMA}.{local_name(table)}")[i][0]  # without its SRID
                    else plain(value)
                    for i, value in enumerate(row)
                )
                for row in there
            ]  # fmt: skip
            assert sorted(map(repr, changed)) == sorted(repr(tuple(map(plain, row))) for row in here), table
        keys = mariadb.rows(
            f"SELECT table_name, group_concat(column_name ORDER BY seq_in_index SEPARATOR ', ') FROM information_schema.statistics "
            f"WHERE {about} AND index_name = 'PRIMARY' GROUP BY table_name"
        )
        assert local_keys(home) == {local_name(table): local_names(columns) for table, columns in keys}
        indexes = mariadb.rows(
            f"SELECT table_name, group_concat(concat(column_name, if(collation = 'D', ' desc', '')) ORDER BY seq_in_index SEPARATOR ', '), "
            f"min(non_unique) FROM information_schema.statistics WHERE {about} AND index_name <> 'PRIMARY' GROUP BY table_name, index_name"
        )
        expected = set()
        for table, columns, not_unique in indexes:
            listed = ", ".join(local_name(part.removesuffix(" desc")) + (" DESC" if part.endswith(" desc") else "") for part in columns.split(", "))
            if (local_name(table), listed) not in LEFT_OUT["mysql"]:
                expected.add((local_name(table), f"btree ({listed})", not not_unique))
        assert local_indexes(home) == expected
        foreign = mariadb.rows(
            "SELECT k.table_name, group_concat(k.column_name ORDER BY k.ordinal_position SEPARATOR ', '), min(k.referenced_table_name), "
            "group_concat(k.referenced_column_name ORDER BY k.ordinal_position SEPARATOR ', '), min(r.update_rule), min(r.delete_rule) "
            "FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r USING (constraint_schema, constraint_name, table_name) "
            f"WHERE k.constraint_schema = '{schema}' GROUP BY k.table_name, k.constraint_name"
        )
        assert len(foreign) == {"sakila": 22, "chinook": 11, "northwind": 11}[name]
        rules = {"CASCADE": "CASCADE", "SET NULL": "SET NULL", "RESTRICT": "", "NO ACTION": ""}
        assert local_foreign_keys(home) == {
            (
                local_name(table),
                f"FOREIGN KEY ({local_names(columns)}) REFERENCES {local_name(other)}({local_names(referenced)})"
                + (f" ON UPDATE {rules[update]}" if rules[update] else "")
                + (f" ON DELETE {rules[delete]}" if rules[delete] else ""),
            )
            for table, columns, other, referenced, update, delete in foreign
        }
        check_defaults(home, "mysql", name)
        assert home.rows("SELECT table_name, problem FROM connector.imports WHERE problem IS NOT NULL") == []


@pytest.mark.parametrize("name", NAMES)
def test_from_postgres(home: Database, postgres15: PostgresRemote, name: str) -> None:
    with postgres_sample(postgres15, name) as schema:
        tables = import_all(home, {"provider": "postgres", "connection": postgres15.connection(), "schema": schema})
        in_schema = f"relnamespace = '{schema}'::regnamespace"
        assert set(tables) == {
            table for (table,) in postgres15.rows(f"SELECT relname FROM pg_class WHERE {in_schema} AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition")
        }
        for table in tables:
            there = postgres15.rows(f'SELECT * FROM {schema}."{table}"')
            here = home.rows(f"SELECT * FROM {SCHEMA}.{local_name(table)}")
            assert sorted(repr(tuple(map(plain, row))) for row in there) == sorted(repr(tuple(map(plain, row))) for row in here), table

        def definitions(kind: str) -> list[tuple[str, str]]:
            return postgres15.rows(
                "SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
                f"WHERE k.contype = '{kind}' AND c.{in_schema} AND NOT c.relispartition AND k.conparentid = 0"
            )

        def inside(definition: str) -> str:
            return local_names(definition.split("(", 1)[1].split(")", 1)[0].replace('"', ""))

        assert local_keys(home) == {local_name(table): inside(definition) for table, definition in definitions("p")}
        expected = set()
        for table, definition, unique in postgres15.rows(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisunique FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            f"WHERE c.{in_schema} AND NOT i.indisprimary AND NOT c.relispartition"
        ):
            method, columns = definition.split(" USING ", 1)[1].replace('"', "").split(" ", 1)
            if (local_name(table), columns.strip("()") if "lower" not in columns else "lower(title)") not in LEFT_OUT["postgres"]:
                expected.add((local_name(table), f"{method} {columns.lower() if name == 'chinook' else columns}", unique))
        assert local_indexes(home) == expected
        foreign = {
            (local_name(table), (definition.lower().replace("foreign key", "FOREIGN KEY").replace("references", "REFERENCES") if name == "chinook" else definition)
             .replace('"', "").replace(f"{schema}.", ""))
            for table, definition in definitions("f")
        }  # fmt: skip
        # Other words for the same, as PostgreSQL prints what is not said.
        assert local_foreign_keys(home) == foreign
        assert len(foreign) == {"sakila": 22, "chinook": 11, "northwind": 11}[name]
        check_defaults(home, "postgres", name)
        assert home.rows("SELECT table_name, problem FROM connector.imports WHERE problem IS NOT NULL") == []


def test_what_was_brought_along_works(home: Database, mariadb: MySqlRemote) -> None:
    with mysql_sample(mariadb, "sakila") as schema:
        import_all(home, {"provider": "mysql", "connection": mariadb.connection(), "schema": schema})
    home.execute(f"SET search_path = {SCHEMA}")
    try:
        home.execute("INSERT INTO film (film_id, title, language_id) VALUES (10, 'NEW', 1)")
        assert home.rows("SELECT rental_duration, rental_rate, rating, last_update IS NOT NULL FROM film WHERE film_id = 10")[0][0] == 3
        with fails("violates foreign key", sqlstate="23503"):
            home.execute("INSERT INTO film (film_id, title, language_id) VALUES (11, 'WRONG', 99)")
        with fails("violates foreign key|still referenced", sqlstate="23503"):
            home.execute("DELETE FROM language WHERE language_id = 1")
        with fails("duplicate key", sqlstate="23505"):
            home.execute("INSERT INTO store (store_id, manager_staff_id, address_id) VALUES (9, 1, 1)")
        home.execute("UPDATE country SET country_id = 50 WHERE country_id = 1")
        assert home.value("SELECT country_id FROM city WHERE city = 'Tromsø'") == 50
    finally:
        home.execute("RESET search_path")


def test_a_row_that_breaks_a_key(home: Database, mariadb: MySqlRemote) -> None:
    with mysql_sample(mariadb, "chinook") as schema:
        mariadb.server.sql("SET foreign_key_checks = 0", f"UPDATE {schema}.Track SET GenreId = 77 WHERE TrackId = 2")
        import_all(home, {"provider": "mysql", "connection": mariadb.connection(), "schema": schema})
    found = dict(home.rows("SELECT table_name, problem FROM connector.imports WHERE problem IS NOT NULL"))
    assert list(found) == ["track"] and 'foreign key "FK_TrackGenreId" is left out' in found["track"] and "(genreid)=(77)" in found["track"]
    assert len(local_foreign_keys(home)) == 10


def test_a_row_that_a_limit_cut_off(home: Database, mariadb: MySqlRemote) -> None:
    """The one customer's employee is the second, whom the limit cuts off; all other rows left point to first rows."""
    with mysql_sample(mariadb, "chinook") as schema:
        import_all(home, {"provider": "mysql", "connection": mariadb.connection(), "schema": schema, "max_rows": 1})
    found = dict(home.rows("SELECT table_name, problem FROM connector.imports WHERE problem IS NOT NULL"))
    assert list(found) == ["customer"] and "foreign key" in found["customer"] and "(supportrepid)=(2)" in found["customer"]
    assert len(local_foreign_keys(home)) == 10


def test_what_has_no_equivalent_is_told(home: Database, mariadb: MySqlRemote) -> None:
    with mysql_sample(mariadb, "sakila") as schema:
        home.import_table(
            {"provider": "mysql", "connection": mariadb.connection(), "schema": schema, "table": "film_text"},
            target_schema=SCHEMA, keep=["indexes", "defaults"],
        )  # fmt: skip
    assert home.notices == ['NOTICE:  index "idx_title_description" is left out: it is a full-text index\n']
