"""Merges by ranges of random tables, whose source and whose rows here change at random, and whose runs are cut off and killed.

After each run that succeeds the table has the rows that a new import of the source brings, each as it is there; a run that
fails has changed nothing. Ranges have from one to some dozen rows, so that they split and join all the time.

SOAK_ROUNDS (10000) rounds; SOAK_SEED repeats the choices of a run.
"""

from __future__ import annotations

import datetime
import json
import os
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from servers.process import wait_until
from servers.proxy import NO_FAULT, Fault, Proxy
from servers.remote import Remote

from .refresh_properties import Connection

_KEYS_THERE_ARE = 90
_TABLE = "ranged"


@dataclass(frozen=True)
class Key:
    """Definitions of the key's columns, and their literals for a number from 0 on."""

    columns: Mapping[str, str]
    literals: Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class Column:
    """Its type on the remote and the literals of its values, among them some that are equal but not the same."""

    kind: str
    values: Sequence[str]


def _day(number: int) -> str:
    return (datetime.date(2023, 12, 15) + datetime.timedelta(days=number)).isoformat()


_KEYS: Mapping[str, Sequence[Key]] = {
    "postgres": (
        Key({"id": "int"}, lambda n: [str(n * 3 - 50)]),
        Key({"id": "bigint"}, lambda n: [str((n - 40) * 10**16)]),
        Key({"id": "date"}, lambda n: [f"'{_day(n)}'"]),
        Key({"id": "timestamptz"}, lambda n: [f"'{_day(n)} 00:00:00.{n:06}+00'"]),
        Key({"id": "uuid"}, lambda n: [f"'{n * 47_000_003 % 2**32:08x}-0000-4000-8000-00000000{n:04x}'"]),
        Key({"id": 'text COLLATE "C"'}, lambda n: [f"'{chr(65 + n % 50)}é{n}'"]),
        Key({"id": "int", "part": "int"}, lambda n: [str(n // 7), str(n % 7)]),
        Key({"part": "date", "id": "int"}, lambda n: [f"'{_day(n // 10)}'", str(n)]),
    ),
    "mysql": (
        Key({"id": "int"}, lambda n: [str(n * 3 - 50)]),
        Key({"id": "bigint"}, lambda n: [str((n - 40) * 10**16)]),
        Key({"id": "bigint unsigned"}, lambda n: [str(18446744073709551615 - n * 10**15)]),
        Key({"id": "date"}, lambda n: [f"'{_day(n)}'"]),
        Key({"id": "datetime(6)"}, lambda n: [f"'{_day(n)} 00:00:00.{n:06}'"]),
        Key({"id": "int", "part": "int"}, lambda n: [str(n // 7), str(n % 7)]),
    ),
}

# A key beside that of a row here, by the number k: an expression of PostgreSQL's for the type there; else k itself.
_OTHER_KEYS = {
    "date": "id + k",
    "timestamptz": "id + k * interval '1 hour'",
    "datetime(6)": "id + k * interval '1 hour'",
    "uuid": "overlay(id::text PLACING lpad(k::text, 4, '0') FROM 5)::uuid",
    'text COLLATE "C"': "id || k",
}

_COLUMNS: Mapping[str, Sequence[Column]] = {
    "postgres": (
        Column("int", ("NULL", "-1", "0", "1", "2")),
        Column("numeric", ("NULL", "1.0", "1.00", "2", "'NaN'", "-0.00")),
        Column("float8", ("NULL", "'0'", "'-0'", "'NaN'", "0.1", "0.10000000000000002")),
        Column("real", ("NULL", "'0'", "'-0'", "0.1")),
        Column("text", ("NULL", "''", "'NULL'", "'a'", "'A'", "'a '", "repeat('long', 3000)", "repeat('long', 2999) || 'lang'")),
        Column("varchar(20)", ("NULL", "''", "'ab'", "'b'", "'é'")),
        Column("bytea", ("NULL", "''", "'\\x00'", "'\\x0000'")),
        Column("json", ("NULL", "'{}'", "'{ }'", "'null'")),
        Column("jsonb", ("NULL", "'1.0'", "'1.00'", "'null'")),
        Column("timestamp", ("NULL", "'infinity'", "'2024-01-01'", "'2024-01-01 00:00:00.000001'")),
        Column("interval", ("NULL", "'1 day'", "'24 hours'", "'-1 day +24 hours'")),
        Column("boolean", ("NULL", "true", "false")),
        Column("bit(9)", ("NULL", "B'000000001'", "B'100000001'")),
        Column("point", ("NULL", "'(0,1)'", "'(-0,1)'", "'(1,0)'")),
        Column("numeric(5,2)[]", ("NULL", "'{}'", "'{1}'", "'[2:2]={1}'", "'{NULL}'")),
    ),
    "mysql": (
        Column("int", ("NULL", "-1", "0", "1", "2")),
        Column("decimal(20,6)", ("NULL", "1", "1.000001", "0")),
        Column("double", ("NULL", "0e0", "-0e0", "0.1", "0.10000000000000002")),
        Column("float", ("NULL", "1", "1.00000012", "-0e0")),
        Column("varchar(200) COLLATE utf8mb4_general_ci", ("NULL", "''", "'NULL'", "'a'", "'A'", "'a '", "'é'")),
        Column("longtext", ("NULL", "''", "repeat('long', 3000)", "concat(repeat('long', 2999), 'lang')")),
        Column("varbinary(9)", ("NULL", "''", "'a'", "'a\\0'")),
        Column("json", ("NULL", "'{}'", "'[1]'", "'[2]'")),
        Column("datetime(6)", ("NULL", "'2024-01-01'", "'2024-01-01 00:00:00.000001'")),
        Column("bit(9)", ("NULL", "b'1'", "b'100000001'")),
        Column("tinyint(1)", ("NULL", "0", "1", "2")),
        Column("enum('NULL', 'a', 'b')", ("NULL", "'NULL'", "'a'")),
    ),
}


@dataclass
class Tally:
    """What came of the rounds."""

    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def rounds(self) -> int:
        return self.outcomes.total()


@dataclass
class Place:
    """Where the tables are: sessions here, of their owner and of a superuser, the remote, and the proxy in front of it."""

    open_session: Callable[[], Connection]
    open_admin: Callable[[], Connection]
    remote: Remote
    proxy: Proxy
    may_crash: bool  # processes here may be killed in a way that restarts the cluster


class Case:
    """A table there and its copy here."""

    def __init__(self, random: random.Random, place: Place) -> None:
        self.random = random
        self.place = place
        self.owner, self.admin = place.open_session(), place.open_admin()
        provider = place.remote.provider
        self.key = random.choice(_KEYS[provider])
        self.columns = {f"c{number}": column for number, column in enumerate(random.sample(_COLUMNS[provider], random.randint(1, 4)))}
        self.names = [*self.key.columns, *self.columns]
        self.there: dict[int, dict[str, str]] = {}  # literals by the number of the key
        self._statements: list[str] = []  # that make the source so, and are not sent yet
        self.told: list[str] = []  # what was done since the last success
        self.bytes = 1000  # that came from the remote in the last run
        self._make()

    def _make(self) -> None:
        remote, place = self.place.remote, self.place
        remote.drop(_TABLE)
        columns = [f"{name} {kind} NOT NULL" for name, kind in self.key.columns.items()] + [f"{name} {column.kind}" for name, column in self.columns.items()]
        remote.execute(f"CREATE TABLE {_TABLE} ({', '.join(columns)}, PRIMARY KEY ({', '.join(self.key.columns)}))")
        for number in self.random.sample(range(_KEYS_THERE_ARE), self.random.choice([0, 1, 10, 40, 80])):
            self._insert(number)
        self._send()
        self.owner.rows(f"DROP TABLE IF EXISTS {_TABLE}, expected; SELECT cdb_sync_delete(id) FROM connector.syncs")
        request = remote.connector(table=_TABLE, connection=remote.connection(port=place.proxy.port))
        sync = {"mode": "merge", "key": list(self.key.columns), "compare": "ranges"}
        self.sync = self.owner.value("SELECT cdb_sync_connector(%s) ->> 'id'", json.dumps({**request, "sync": sync}))
        self.size = self.random.choice([1, 2, 5, 10, 30, 1000])
        first = self._run(None)
        assert first is not None and first["state"] == "success", first
        self.told.clear()

    # the source
    def _send(self) -> None:
        """What has been noted so far, as statements of the remote."""
        if self._statements:
            self.place.remote.execute(*self._statements)
            self.told += self._statements
            self._statements.clear()

    def _note(self, statement: str) -> None:
        self._statements.append(statement)

    def _where(self, number: int) -> str:
        return " AND ".join(f"{name} = {literal}" for name, literal in zip(self.key.columns, self.key.literals(number), strict=True))

    def _insert(self, number: int) -> None:
        row = {name: self.random.choice(column.values) for name, column in self.columns.items()}
        self.there[number] = row
        self._note(f"INSERT INTO {_TABLE} ({', '.join(self.names)}) VALUES ({', '.join([*self.key.literals(number), *row.values()])})")

    def _delete(self, number: int) -> None:
        del self.there[number]
        self._note(f"DELETE FROM {_TABLE} WHERE {self._where(number)}")

    def _set(self, number: int, **values: str) -> None:
        self.there[number] |= values
        self._note(f"UPDATE {_TABLE} SET {', '.join(f'{name} = {value}' for name, value in values.items())} WHERE {self._where(number)}")

    def change_source(self) -> None:
        for _ in range(self.random.choice([0, 0, 1, 1, 1, 2, 5, 20])):
            self._change()
        self._send()

    def _change(self) -> None:
        pick = self.random
        ids = sorted(self.there)
        free = sorted(set(range(_KEYS_THERE_ARE)) - set(ids))
        kind = pick.choice(["insert", "insert", "delete", "value", "value", "exchange", "exchange", "move", "NULLs", "span", "many"])
        if kind == "insert" and free:
            self._insert(pick.choice(free))
        elif kind == "many" and free and pick.random() < 0.3:
            begin = pick.randrange(len(free))
            for number in free[begin : begin + pick.randint(1, 60)]:
                self._insert(number)
        elif not ids:
            return
        elif kind == "delete":
            self._delete(pick.choice(ids))
        elif kind == "span" and pick.random() < 0.3:
            begin = pick.randrange(len(ids))
            for number in ids[begin : begin + pick.randint(1, 60)]:
                self._delete(number)
        elif kind == "value":
            name = pick.choice(list(self.columns))
            self._set(pick.choice(ids), **{name: pick.choice(self.columns[name].values)})
        elif kind == "exchange" and len(ids) > 1:
            first, second = pick.sample(ids, 2)
            names = pick.sample(list(self.columns), pick.randint(1, len(self.columns)))
            former = {name: self.there[first][name] for name in names}
            self._set(first, **{name: self.there[second][name] for name in names})
            self._set(second, **former)
        elif kind == "move" and free:
            number, other = pick.choice(ids), pick.choice(free)
            row = self.there.pop(number)
            self.there[other] = row
            keys = ", ".join(f"{name} = {literal}" for name, literal in zip(self.key.columns, self.key.literals(other), strict=True))
            self._note(f"UPDATE {_TABLE} SET {keys} WHERE {self._where(number)}")
        elif kind == "NULLs":
            for number in pick.sample(ids, min(len(ids), 3)):
                self._set(number, **{pick.choice(list(self.columns)): "NULL"})

    # the rows here
    def change_here(self) -> None:
        pick = self.random
        count: int = self.owner.value(f"SELECT count(*) FROM {_TABLE}")
        name = pick.choice(list(self.columns))
        order = ", ".join(self.key.columns)
        one = f"ctid = (SELECT ctid FROM {_TABLE} ORDER BY {order} OFFSET {pick.randrange(count or 1)} LIMIT 1)"
        other = f"(SELECT {name} FROM {_TABLE} ORDER BY {order} OFFSET {pick.randrange(count or 1)} LIMIT 1)"
        copied = ", ".join(_OTHER_KEYS.get(kind, "k") if key == "id" else key for key, kind in self.key.columns.items())
        statement = pick.choice(
            [
                f"UPDATE {_TABLE} SET {name} = {other} WHERE {one}",
                f"UPDATE {_TABLE} SET {name} = NULL WHERE {one}",
                f"DELETE FROM {_TABLE} WHERE {one}",
                f"DELETE FROM {_TABLE} WHERE {one}; UPDATE {_TABLE} SET {name} = NULL",
                f"INSERT INTO {_TABLE} ({order}, {name}) SELECT {copied}, {name} FROM {_TABLE}, generate_series(3, 400, 150) k LIMIT 3",
                f"UPDATE {_TABLE} SET {name} = {name}",
                f"TRUNCATE {_TABLE}",
                f"VACUUM FULL {_TABLE}",
                f"ALTER TABLE {_TABLE} ADD COLUMN IF NOT EXISTS own int; UPDATE {_TABLE} SET own = 1",
                f"CREATE INDEX ON {_TABLE} ({order})",
                f"DROP TABLE IF EXISTS former; ALTER TABLE {_TABLE} RENAME TO former; CREATE TABLE {_TABLE} (LIKE former INCLUDING ALL)",
            ]
        )
        self.told.append(statement)
        try:
            for part in statement.split("; "):
                self.owner.rows(part)
        except psycopg2.errors.UniqueViolation:  # of the keys that are here already: the statement did nothing
            return
        if "former" in statement:
            self.admin.rows(f"UPDATE connector.sync SET relation = '{_TABLE}'::regclass WHERE id = %s", self.sync)

    def rows_here(self) -> list[str]:
        return self._rows_of(_TABLE)

    def _rows_of(self, table: str) -> list[str]:
        return [row for (row,) in self.owner.rows(f"SELECT ROW({', '.join(self.names)})::text FROM {table} ORDER BY 1")]

    def rows_expected(self) -> list[str]:
        """By an import of its own, past the proxy."""
        self.owner.rows("DROP TABLE IF EXISTS expected")
        self.owner.rows("SELECT cdb_import_connector(%s)", json.dumps(self.place.remote.connector(table=_TABLE, import_as="expected")))
        return self._rows_of("expected")

    # runs
    def _run(self, fault: Fault | None, *, kill: int = 0) -> dict[str, Any] | None:
        """One run; gives its row of connector.runs, None if the session is gone. With a fault that stalls, the session gets
        the signal `kill`, or its statement is cancelled."""
        proxy = self.place.proxy
        session = self.place.open_session()
        session.rows("SELECT cdb_connectors()")  # loads the library, which knows the setting
        session.rows(f"SET connector.range_rows = {self.size}")
        process = session.connection.get_backend_pid()
        before = proxy.from_server
        lost: list[psycopg2.Error] = []

        def work() -> None:
            try:
                session.rows("SELECT cdb_sync_now(%s, true)", self.sync)
            except psycopg2.Error as error:
                lost.append(error)

        proxy.every(fault or NO_FAULT)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        if fault is not None and fault.stall_after is not None:
            wait_until(lambda: proxy.stalled() or not thread.is_alive(), limit=60, what="a stalled run, or its end")
            self._end(process, kill)
        thread.join(120)
        assert not thread.is_alive(), "the run does not end"
        proxy.every(NO_FAULT)
        proxy.cut()
        session.connection.close()
        if kill == signal.SIGKILL:  # also if the run had ended before: the cluster restarts
            wait_until(self._is_cut_off, limit=300, what="the end of all sessions")
        if lost or kill == signal.SIGKILL:
            self._come_back()
        if fault is None:
            self.bytes = max(proxy.from_server - before, 200)
        assert fault is not None or not lost, lost
        return None if lost else self._last_run()

    def _end(self, process: int, kill: int) -> None:
        """Ends the run of this session, if it has not ended by itself."""
        if kill == signal.SIGKILL:
            os.kill(process, kill)
        elif kill:
            self.admin.rows("SELECT pg_terminate_backend(%s)", process)
        else:
            self.admin.rows("SELECT pg_cancel_backend(%s)", process)

    def _is_cut_off(self) -> bool:
        try:
            self.admin.rows("SELECT 1")
        except psycopg2.Error:
            return True
        return False

    def _come_back(self) -> None:
        """New sessions: a restart of the cluster may have ended the old ones."""

        def answers() -> bool:
            try:
                self.owner, self.admin = self.place.open_session(), self.place.open_admin()
            except psycopg2.OperationalError:
                return False
            return True

        self._close()
        wait_until(answers, limit=300, what="the cluster")

    def _close(self) -> None:
        self.owner.connection.close()
        self.admin.connection.close()

    def _last_run(self) -> dict[str, Any]:
        row = self.owner.value("SELECT to_jsonb(r) FROM connector.runs r WHERE sync_id = %s ORDER BY started_at DESC LIMIT 1", self.sync)
        assert isinstance(row, dict)
        return row

    def _fault(self) -> tuple[Fault | None, int]:
        """What befalls the next run, and the signal that ends it."""
        pick = self.random
        chance, place = pick.random(), int(self.bytes * pick.uniform(0, 1.1))
        if chance < 0.80:
            return None, 0
        if chance < 0.87:
            return Fault(cut_after=place, reset=pick.random() < 0.5), 0
        if self.place.may_crash and chance < 0.875:
            return Fault(stall_after=place), signal.SIGKILL
        return Fault(stall_after=place), signal.SIGTERM if chance < 0.96 else 0

    def round(self, tally: Tally) -> None:
        if self.random.random() < 0.85:
            self.change_source()
        if self.random.random() < 0.4:
            self.change_here()
        if self.random.random() < 0.1:
            self.size = self.random.choice([1, 2, 3, 5, 10, 30, 1000])
        before = self.rows_here()
        fault, kill = self._fault()
        self.told.append(f"run with ranges of {self.size} rows, {fault}, signal {kill}")
        row = self._run(fault, kill=kill)
        if row is None or row["state"] != "success":
            assert fault is not None, f"the run failed: {row}"
            if (now := self.rows_here()) != before:  # it had committed before it was killed
                assert now == self.rows_expected(), "a run that failed has changed something"
            tally.outcomes["failed or killed"] += 1
            return
        here, expected = self.rows_here(), self.rows_expected()
        assert here == expected, f"{sorted(set(here) ^ set(expected))} differ, of the run {row}"
        self.told.clear()
        tally.outcomes[_outcome(row)] += 1

    def close(self) -> None:
        self.owner.rows(f"DROP TABLE IF EXISTS {_TABLE}, expected, former; SELECT cdb_sync_delete(id) FROM connector.syncs")
        self._close()
        self.place.remote.drop(_TABLE)


def _outcome(row: Mapping[str, Any]) -> str:
    compared, read = row["ranges_compared"], row["ranges_read"]
    if compared is None:
        return "rows compared"
    if read == 0:
        return "no range read"
    return "all ranges read" if read == compared else "some ranges read"


def prepare(admin: Connection, role: str) -> None:
    """What the owner of the tables may do."""
    admin.rows(f"ALTER ROLE {role} SET connector.allowed_hosts = '127.0.0.1'; SELECT cdb_connectors()")
    admin.rows(f"GRANT SET ON PARAMETER connector.range_rows TO {role}")


def run_rounds(places: Sequence[Place], seed: int, rounds: int) -> Tally:
    """So many rounds, twenty for each table, by turns in each place. An error names the seed of its table."""
    tally = Tally()
    while tally.rounds < rounds:
        table = tally.rounds // 20
        number = seed * 1_000_003 + table
        case = Case(random.Random(number), places[table % len(places)])
        for turn in range(20):
            try:
                case.round(tally)
            except AssertionError as error:
                done = "\n".join(case.told[-200:])
                kinds = {**case.key.columns, **{name: column.kind for name, column in case.columns.items()}}
                raise AssertionError(f"table {number} of {case.place.remote.kind}, round {turn}, {kinds}: {error}\nsince the last success:\n{done}") from error
        case.close()
    return tally


def main() -> int:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from servers.mariadb import MariaDb
    from servers.postgres import Postgres
    from servers.remote_mysql import MySqlRemote
    from servers.remote_postgres import PostgresRemote
    from servers.staging import staged
    from servers.workspace import Workspace

    rounds = int(os.environ.get("SOAK_ROUNDS") or 10_000)
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(1_000_000))
    print(f"seed {seed}", flush=True)
    # A crash must not lose what was committed before it.
    settings = {"synchronous_commit": "on"}
    with Workspace() as workspace, Postgres(workspace, stage=staged(workspace), settings=settings) as server:
        remotes = [PostgresRemote(Postgres(workspace).start()), MySqlRemote(MariaDb(workspace).start())]
        server.create_database("ranges", "connector")
        admin = Connection(server.connect("ranges"))
        admin.rows("CREATE ROLE owner LOGIN; GRANT CREATE ON SCHEMA public TO owner; GRANT USAGE ON FOREIGN DATA WRAPPER connector TO owner")
        prepare(admin, "owner")
        try:
            with Proxy(remotes[0].server.port) as first, Proxy(remotes[1].server.port) as second:
                places = [
                    Place(lambda: Connection(server.connect("ranges", "owner")), lambda: Connection(server.connect("ranges")), remote, proxy, may_crash=True)
                    for remote, proxy in zip(remotes, (first, second), strict=True)
                ]
                tally = run_rounds(places, seed, rounds)
        except AssertionError as error:
            print(error)
            print("0 passed, 1 failed, 0 skipped")
            return 1
        finally:
            for remote in remotes:
                remote.server.stop()
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"  {outcome:<28} {count}")
    print(f"{tally.rounds} passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
