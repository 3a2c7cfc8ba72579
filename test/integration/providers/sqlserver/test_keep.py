"""keep from end to end: what a table of SQL Server's has is made here."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.errors import fails
from harness.syncs import Syncs, wait_for_batch

from servers.remote_sqlserver import SqlServerRemote

DROP = ("DROP TABLE IF EXISTS keep_line", "DROP TABLE IF EXISTS keep_head")


@pytest.fixture
def tables(sqlserver: SqlServerRemote) -> Iterator[SqlServerRemote]:
    sqlserver.execute(*DROP)
    sqlserver.execute(
        "CREATE TABLE keep_head (id int NOT NULL PRIMARY KEY, name nvarchar(30) NULL DEFAULT N'no''body', code int NULL DEFAULT ((7)), made datetime2(3) DEFAULT sysutcdatetime())",
        "CREATE UNIQUE INDEX one_code ON keep_head (code)",
        "CREATE INDEX by_name ON keep_head (name, made DESC)",
        "CREATE TABLE keep_line (id int NOT NULL PRIMARY KEY, head int NULL, "
        "CONSTRAINT head_key FOREIGN KEY (head) REFERENCES keep_head (id) ON DELETE CASCADE)",
        "INSERT INTO keep_head (id, name, code) VALUES (1, N'ana', 1), (2, NULL, NULL)",
        "INSERT INTO keep_line (id, head) VALUES (1, 1), (2, NULL)",
    )
    yield sqlserver
    sqlserver.execute(*DROP)


def test_keep(db: Database, tables: SqlServerRemote) -> None:
    request = {"provider": "sqlserver", "connection": tables.connection(), "keep": ["indexes", "defaults", "foreign_keys"]}
    rows = db.rows("SELECT batch_id, problem FROM cdb_import_tables(%s, '{keep_*}')", json.dumps(request))
    assert [problem for _, problem in rows] == [None, None]
    wait_for_batch(db, rows[0][0])
    try:
        assert db.rows("SELECT table_name, state, problem FROM connector.imports ORDER BY 1") == [
            ("keep_head", "complete", None),
            ("keep_line", "complete", None),
        ]
        indexes = {
            definition.split(" USING ", 1)[1]: unique
            for definition, unique in db.rows(
                "SELECT pg_get_indexdef(indexrelid), indisunique FROM pg_index WHERE indrelid = 'keep_head'::regclass AND NOT indisprimary"
            )
        }
        # A unique index there has NULL once.
        assert indexes == {"btree (code) NULLS NOT DISTINCT": True, "btree (name, made DESC)": False}
        defaults = dict(
            db.rows(
                "SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid "
                "AND a.attnum = d.adnum WHERE d.adrelid = 'keep_head'::regclass"
            )
        )
        assert defaults["code"] == "7" and "UTC" in defaults["made"]
        if not tables.is_babelfish:  # which casts the texts of defaults
            assert defaults["name"] == "'no''body'::character varying"
        (key,) = db.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'keep_line'::regclass")
        assert key == ("FOREIGN KEY (head) REFERENCES keep_head(id) ON DELETE CASCADE",)
        with fails("duplicate key", sqlstate="23505"):
            db.execute("INSERT INTO keep_head (id, code) VALUES (3, NULL)")
    finally:
        db.execute("DROP TABLE IF EXISTS keep_line, keep_head")
        Syncs(db).clean()
