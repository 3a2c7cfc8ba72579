"""Columns that "key" and "cursor" name, and local names that stay with their columns."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg2
import pytest
from harness.database import Database
from harness.refreshing import Refreshed
from harness.skipping import needs_xml
from harness.syncs import Syncs

from servers.remote_mysql import MySqlRemote
from servers.remote_postgres import PostgresRemote

TABLE = "named"


@pytest.fixture
def source(db: Database, mariadb: MySqlRemote) -> Iterator[MySqlRemote]:
    mariadb.server.start()
    mariadb.execute(
        f"DROP TABLE IF EXISTS {TABLE}",
        f"CREATE TABLE {TABLE} (Id int PRIMARY KEY, `Öl Preis` int COMMENT 'told', at int, g geometry) CHARACTER SET utf8mb4",
        f"INSERT INTO {TABLE} (Id, `Öl Preis`, at) VALUES (1, 10, 1), (2, 20, 2)",
    )
    yield mariadb
    Syncs(db).clean()
    mariadb.drop(TABLE)


@pytest.mark.parametrize("name", ["Id", "id", "ID", "iD"])
def test_key_in_any_case(db: Database, source: MySqlRemote, name: str) -> None:
    sync = Refreshed(db, source.connector(table=TABLE), mode="merge", key=[name])
    source.execute(f"UPDATE {TABLE} SET at = 5 WHERE Id = 1")
    assert sync.run("merge")["updated"] == 1


@pytest.mark.parametrize("name", ["Öl Preis", "öl preis", "ÖL PREIS", "ol_preis", "OL_Preis"])
def test_cursor_in_any_case(db: Database, source: MySqlRemote, name: str) -> None:
    """Of letters that are not ASCII, too; by the local name as well."""
    sync = Refreshed(db, source.connector(table=TABLE), mode="append", cursor=name)
    source.execute(f"INSERT INTO {TABLE} (Id, `Öl Preis`, at) VALUES (3, 30, 3)")
    assert sync.run("append")["inserted"] == 1


@pytest.mark.parametrize("sync, told", [
    ({"mode": "merge", "key": "idd"}, ['column "idd" of the key does not exist in the source', 'Did you mean "Id"?']),
    ({"mode": "merge", "key": ["Id", "preis"]}, ['column "preis" of the key does not exist']),
    ({"mode": "merge", "key": ["Id", "ID"]}, ['the key has column "id" twice']),
    ({"mode": "append", "cursor": "att"}, ['column "att" of the cursor does not exist in the source', 'Did you mean "at"?']),
    ({"key": "idd"}, ['column "idd" of the key does not exist in the source']),
])
def test_unknown_names_fail_at_the_first_run(db: Database, source: MySqlRemote, sync: dict[str, object], told: list[str]) -> None:
    syncs = Syncs(db)
    id = syncs.create({**source.connector(table=TABLE), "sync": sync})["id"]
    syncs.now(id, wait=True)
    status = syncs.status(id)
    assert status["state"] == "failure" and status["error_code"] == 1502
    row = db.value("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s", id)
    for text in told:
        assert text in " ".join(str(row[part]) for part in ("error_message", "error_detail", "error_hint"))
    assert db.value("SELECT to_regclass(%s)", TABLE) is None


@pytest.mark.parametrize("sync, told", [
    ({"mode": "merge", "key": "at"}, 'Column "at" of key "sync.key" is not among those of "columns".'),
    ({"mode": "merge", "key": ["Id", "Öl Prais"]}, 'Column "Öl Prais" of key "sync.key" is not among those of "columns". Did you mean "öl preis"?'),
    ({"mode": "append", "cursor": "at"}, 'Column "at" of key "sync.cursor" is not among those of "columns".'),
])
def test_columns_that_are_not_chosen(db: Database, source: MySqlRemote, sync: dict[str, object], told: str) -> None:
    """Known without asking the remote, so the sync is not accepted."""
    with pytest.raises(psycopg2.Error) as failure:
        db.value("SELECT cdb_sync_connector(%s)", json.dumps({**source.connector(table=TABLE, columns=["id", "öl preis"]), "sync": sync}))
    assert told in str(failure.value)


def test_chosen_columns_in_other_case(db: Database, source: MySqlRemote) -> None:
    """Key and comment are found, whatever case the request has."""
    source.execute(f"ALTER TABLE {TABLE} DROP PRIMARY KEY, MODIFY `Öl Preis` int COMMENT 'told', ADD PRIMARY KEY (`Öl Preis`)")
    sync = Refreshed(db, source.connector(table=TABLE, columns=["öl preis", "ID"]), mode="merge", key="ÖL PREIS")
    assert db.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'", TABLE) == "PRIMARY KEY (ol_preis)"
    assert db.value("SELECT col_description(%s::regclass, 1)", TABLE) == "told"
    sync.run("merge")


@pytest.mark.parametrize("mode", ["swap", "merge"])
def test_names_stay_with_their_columns(db: Database, postgres15: PostgresRemote, mode: str) -> None:
    """Two names differ only in what normalising takes away, and change places in the source."""
    postgres15.server.start()
    postgres15.drop(TABLE)
    postgres15.execute(f'CREATE TABLE {TABLE} ("Name" text, name text, id int PRIMARY KEY)', f"INSERT INTO {TABLE} VALUES ('upper', 'lower', 1)")
    options: dict[str, object] = {"mode": "merge", "key": "id"} if mode == "merge" else {}
    sync = Refreshed(db, postgres15.connector(table=TABLE), **options)
    assert db.rows(f"SELECT * FROM {TABLE}") == [("upper", "lower", 1)]
    names = [name for name, _, _ in db.columns(TABLE)]
    postgres15.drop(TABLE)
    postgres15.execute(
        f'CREATE TABLE {TABLE} (id int PRIMARY KEY, "NAME" text, name text, "Name" text)', f"INSERT INTO {TABLE} VALUES (1, 'third', 'lower', 'upper')"
    )
    for _ in range(2):
        sync.run(mode)
        assert [name for name, _, _ in db.columns(TABLE)][:3] == names
        assert db.rows(f"SELECT * FROM {TABLE}") == [("upper", "lower", 1, "third")]
    Syncs(db).clean()
    postgres15.drop(TABLE)


@pytest.mark.parametrize(
    "kind, literal, wanted_type, wanted",
    [
        pytest.param("xml", "'<a/>text'", "xml", "<a/>text", marks=needs_xml),
        ("double precision", "0.1234567890123456", "text", "0.1234567890123456"),
        ("date", "'2024-02-03'", "text", "2024-02-03"),
        ("timestamptz", "'2024-02-03 04:05:06+00'", "text", "2024-02-03 04:05:06+00"),
        ("interval", "'1 mon -2 days 3 s'", "text", "1 mon -2 days +00:00:03"),
        ("bytea", "'\\x00ff'", "text", "\\x00ff"),
        ("text", "'03/02/2024'", "date", "2024-03-02"),
        ("timestamptz", "'2024-02-03 04:05:06+00'", "timestamp", "2024-02-03 04:05:06"),
    ],
)
def test_settings_of_the_session_change_nothing(
    db: Database, postgres15: PostgresRemote, kind: str, literal: str, wanted_type: str, wanted: str
) -> None:
    postgres15.server.start()
    postgres15.drop(TABLE)
    postgres15.execute(f"CREATE TABLE {TABLE} (v {kind})", f"INSERT INTO {TABLE} VALUES ({literal})")
    session = db.another()
    session.execute(
        "SET datestyle = 'German, DMY'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -10; SET bytea_output = 'escape'; "
        "SET timezone = 'Asia/Kolkata'; SET xmloption = 'document'"
    )
    session.import_table(postgres15.connector(table=TABLE, columns={"v": wanted_type}))
    session.close()
    db.execute("SET timezone = 'UTC'")
    assert db.value(f"SELECT v::text FROM {TABLE}") == wanted
    db.execute(f"DROP TABLE {TABLE}")
    postgres15.drop(TABLE)
