"""The requests of the document that the project was made from, pasted, with only host, credentials and names changed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.scratch import drop_tables

from servers.remote_mysql import MySqlRemote

TABLE = """{
  "connector": {
    "provider": "mysql",
    "connection": {
      "server":"myserver.com",
      "database":"mydatabase",
      "username":"myusername",
      "password":"mypassword"
    },
    "table": "mytable",
    "encoding": "iso88591"
  }
}"""

SYNC = """{
  "connector": {
    "provider": "mysql",
    "connection": {
      "server":"myserver.com",
      "database":"mydatabase",
      "username":"myusername",
      "password":"mypassword"
    },
    "table": "mytable",
    "encoding": "iso88591"
  },
  "interval": 2592000
}"""

QUERY = """{
  "connector": {
    "provider": "mysql",
    "connection": {
      "server":"myserver.com",
      "database":"mydatabase",
      "username":"myusername",
      "password":"mypassword"
    },
    "table": "mytable",
    "sql_query": "SELECT * FROM remote_table WHERE value = '1'",
    "encoding": "iso88591"
  }
}"""


def _for(remote: MySqlRemote, text: str) -> str:
    """The text with host and credentials of the server, as one would type them over. It names no port: the default one
    is not ours to take."""
    connection = remote.connection()
    for placeholder, name in (("mydatabase", "database"), ("myusername", "username"), ("mypassword", "password")):
        text = text.replace(f'"{placeholder}"', json.dumps(connection[name]))
    return text.replace('"server":"myserver.com"', f'"server":"{connection["server"]}",\n      "port":"{connection["port"]}"')


def _bare(text: str) -> str:
    """Without the outer object."""
    return json.dumps(json.loads(text)["connector"], indent=2)


@pytest.fixture(autouse=True)
def tables(db: Database, mysql: MySqlRemote) -> Iterator[None]:
    for name in ("mytable", "remote_table"):
        mysql.drop(name)
        mysql.execute(
            f"CREATE TABLE {name} (id int PRIMARY KEY, value int, word varchar(20)) CHARACTER SET latin1",
            f"INSERT INTO {name} VALUES (1, 1, 'été'), (2, 2, 'Ærø'), (3, 1, '€')",
        )
    yield
    drop_tables(db)
    for name in ("mytable", "remote_table"):
        mysql.drop(name)


ALL = [(1, 1, "été"), (2, 2, "Ærø"), (3, 1, "€")]


@pytest.mark.parametrize("bare", [False, True], ids=["wrapped", "bare"])
@pytest.mark.parametrize("text, rows", [(TABLE, ALL), (SYNC, ALL), (QUERY, [ALL[0], ALL[2]])], ids=["table", "sync", "query"])
def test_import(db: Database, mysql: MySqlRemote, text: str, rows: list[tuple[object, ...]], bare: bool) -> None:
    request = _for(mysql, text)
    if bare:
        request = _bare(request)
    result = db.value("SELECT cdb_import_connector(%s)", request)
    assert (result["success"], result["table_name"], result["rows"]) == (True, "mytable", len(rows))
    assert db.rows("SELECT id, value, word FROM mytable ORDER BY id") == rows
    # As a literal of no known type, as a statement in a script has it.
    quoted = request.replace("'", "''")
    assert db.rows(f"SELECT cdb_import_connector('{quoted}') ->> 'table_name'") == [("mytable_1",)]


@pytest.mark.parametrize("encoding", ["iso88591", "ISO-8859-1", "latin1", "LATIN1", "ISO88591"])
def test_spellings_of_the_encoding(db: Database, mysql: MySqlRemote, encoding: str) -> None:
    request = _for(mysql, TABLE).replace("iso88591", encoding)
    assert db.value("SELECT cdb_import_connector(%s)", request)["rows"] == 3
    assert db.rows("SELECT id, value, word FROM mytable ORDER BY id") == ALL


@pytest.mark.parametrize("interval", [None, "30 days"])
def test_sync(db: Database, mysql: MySqlRemote, interval: str | None) -> None:
    """The interval of the JSON counts, or the argument."""
    text = _for(mysql, SYNC)
    sync = db.value("SELECT cdb_sync_connector(%s, %s)", text if interval is None else _bare(text), interval)
    assert sync["interval"] == 2592000
    assert db.value("SELECT cdb_sync_now(%s, true)", sync["id"])["state"] == "success"
    assert db.rows("SELECT id, value, word FROM mytable ORDER BY id") == ALL
    db.execute("SELECT cdb_sync_delete(%s)", sync["id"])
