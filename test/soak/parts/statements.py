"""Random SQL of one session. What comes next depends on the seed alone, not on what the server answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from .requests import SCHEMAS, TABLE_NAMES, Place, request_text, word

ROLES = ("alice", "bob", "alice", "bob", "watcher", "stranger")

_UNKNOWN_ID = "'00000000-0000-4000-8000-000000000000'"

_SETTINGS = (
    *(
        "search_path = alice, public",
        "search_path = ''",
        "search_path = shared, pg_catalog",
        "lock_timeout = '50ms'",
        "lock_timeout = '2s'",
    ),
    *(
        "statement_timeout = '300ms'",
        "statement_timeout = '5s'",
        "statement_timeout = '1ms'",
        "row_security = off",
        "work_mem = 64",
    ),
    *(
        "default_transaction_isolation = serializable",
        'default_transaction_isolation = "repeatable read"',
        "default_transaction_read_only = on",
    ),
    *(
        "datestyle = 'German'",
        "timezone = 'Asia/Tokyo'",
        "intervalstyle = 'iso_8601'",
        "bytea_output = escape",
        "extra_float_digits = -15",
    ),
    *("xmloption = document", "client_encoding = 'LATIN1'", "quote_all_identifiers = on", "standard_conforming_strings = off"),
    *("transform_null_equals = on", "maintenance_work_mem = 1024", "default_toast_compression = lz4", "enable_indexscan = off"),
    *("plan_cache_mode = force_generic_plan", "max_stack_depth = 100", "default_tablespace = nope", "jit_above_cost = 0"),
    *("force_parallel_mode = on", "constraint_exclusion = on", "connector.max_rows = 5", "session_replication_role = replica"),
    *("check_function_bodies = off", "default_statistics_target = 1", "temp_buffers = 100", "synchronous_commit = on"),
)

_TABLE_DDL = (
    *(
        "create index on {t} (amount)",
        "create unique index on {t} (id)",
        "create index on {t} ((word || 'x'))",
        "create index on {t} (shared.reshape(id::int))",
    ),
    *(
        "create index concurrently on {t} (amount)",
        "reindex table {t}",
        "reindex table concurrently {t}",
        "cluster {t}",
        "vacuum {t}",
        "vacuum full {t}",
    ),
    *(
        "analyze {t}",
        "alter table {t} add column extra{n} int default 5",
        "alter table {t} add column if not exists s{n} serial",
    ),
    *(
        "alter table {t} drop column if exists amount",
        "alter table {t} add column if not exists g{n} int generated always as (id::int) stored",
    ),
    *(
        "alter table {t} add check (id is not null)",
        "alter table {t} add constraint quick check (shared.reshape(id::int) is not null) not valid",
    ),
    *(
        "alter table {t} alter column amount type bigint",
        "alter table {t} alter column amount type text",
        "alter table {t} alter column id type text",
    ),
    *(
        "drop table if exists {t}",
        "drop table if exists {t} cascade",
        "alter table {t} set unlogged",
        "alter table {t} set logged",
    ),
    *(
        "create view {t}_v{n} as select * from {t}",
        "truncate {t}",
        "delete from {t} where length(word) % 3 = 0",
        "update {t} set word = word",
    ),
    *(
        "alter table {t} enable row level security",
        "alter table {t} force row level security",
        "alter table {t} no force row level security",
    ),
    *(
        "create policy p{n} on {t} using (shared.reshape(1) is not null)",
        "drop policy if exists p{n} on {t}",
        "alter table {t} rename to {u}",
    ),
    *(
        "alter table {t} owner to alice",
        "alter table {t} owner to bob",
        "alter table {t} owner to boss",
        "alter table {t} set schema shared",
    ),
    *(
        "alter table {t} set (fillfactor = 50)",
        "create statistics on id, word from {t}",
        "alter table {t} replica identity full",
    ),
    *(
        "create table {t}_p{n} (like {t} including all)",
        "create table {t}_c{n} () inherits ({t})",
        "alter table {t} alter column word set storage external",
    ),
    *(
        "create trigger tr{n} after insert on {t} for each row execute function shared.planted()",
        "drop trigger if exists tr{n} on {t}",
    ),
    *(
        "create constraint trigger ct{n} after insert on {t} deferrable initially deferred for each row execute function shared.planted()",
    ),
    *(
        "alter table {t} add primary key (id)",
        "alter table {t} add unique (id) deferrable initially deferred",
        "alter table {t} add exclude using btree (id with =)",
    ),
    *(
        "lock table {t} in share mode",
        "lock table {t} in access exclusive mode nowait",
        "select count(*) from {t}",
        "select * from {t} limit 1 for update",
    ),
    *(
        "grant select on {t} to public",
        "revoke all on {t} from public",
        "comment on table {t} is 'x'",
        "create rule r{n} as on insert to {t} do also notify x",
    ),
    *(
        "insert into {t} (id, word, amount) values (-1, 'mine', 0)",
        "alter table {t} alter column id add generated always as identity",
    ),
    *(
        "alter table {t} add foreign key (id) references {t} (id) deferrable initially deferred",
        "alter table {t} drop constraint if exists quick",
    ),
    *("create table if not exists {t} (id bigint primary key, word text, amount numeric) partition by range (id)",),
    *(
        "create table if not exists {t} (id bigint, word text, amount numeric)",
        "create temporary table {u} (id bigint, word text, amount numeric)",
    ),
)

_OTHER_DDL = (
    "drop domain if exists shared.picky cascade",
    "create domain shared.picky as int check (shared.choosy(value))",
    "drop type if exists shared.mood cascade",
    "create type shared.mood as enum ('1', '2', 'x')",
    "drop function if exists shared.reshape(int) cascade",
    "create or replace function shared.reshape(int) returns int language plpgsql immutable as $$ begin return $1; end $$",
    "create or replace function shared.reshape(int) returns int language plpgsql immutable as $$ begin return shared.meddle($1); end $$",
    "create or replace function shared.reshape(int) returns int language plpgsql immutable as $$ begin perform pg_sleep(0.2); return $1; end $$",
    "reassign owned by alice to bob",
    "reassign owned by bob to alice",
    "drop owned by stranger cascade",
    "refresh materialized view shared.nothing",
)

_SERVER_DDL = (
    "create server s{n} foreign data wrapper connector options (provider 'mysql', server '127.0.0.1', port '{port}', database 'testdb')",
    "alter server s{n} options (set port '1')",
    "drop server if exists s{n} cascade",
    "grant usage on foreign server s{n} to public",
    "create user mapping if not exists for current_user server s{n} options (username 'tester', password '{password}')",
    "drop user mapping if exists for current_user server s{n}",
    "create foreign table shared.f{n} (id bigint) server s{n}",
)

_VIEWS = (
    "imports",
    "syncs",
    "runs",
    "progress",
    "role_limits",
    "sync",
    "run",
    "sync_secret",
    "import_secret",
    "new_storage",
    "import",
)


def quoted(text: str) -> str:
    """A literal; U+0000 can't be in one."""
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


class Statements:
    """`functions` are the extension's: (name with schema, types of the arguments, p for a procedure or f). `only_calls`:
    nothing but the extension's functions is called, as by an administrator who touches nobody's table himself."""

    def __init__(
        self,
        seed: str,
        functions: Sequence[tuple[str, tuple[str, ...], str]],
        places: Sequence[Place],
        *,
        only_calls: bool = False,
    ) -> None:
        self._rng = random.Random(seed)
        self._functions = functions
        self._places = places
        self._prepared = 0
        self._waiting: list[str] = []  # the rest of a group of statements
        self._only_calls = only_calls
        self._kinds: list[tuple[int, Callable[[], list[str]]]] = [
            (45, self._plain_call),
            (6, self._in_transaction),
            (20, self._run_due),
            (4, self._look),
        ]
        if only_calls:
            return
        self._kinds = [
            (45, self._plain_call),
            (6, self._in_transaction),
            (3, self._two_phase),
            (3, self._cursor),
            (3, self._with_exception_block),
            (3, self._as_other_role),
            (3, self._inside_a_statement),
            (2, self._pending_trigger),
            (22, self._ddl),
            (4, self._look),
            (4, self._set),
            (2, self._stray_transaction_command),
            (1, self._role_limits),
            (3, self._server),
        ]

    def role(self) -> str:
        """The role of the next connection."""
        return self._rng.choice(ROLES)

    def leaves(self) -> bool:
        """Whether the session ends here by itself and a new one begins."""
        return self._rng.random() < 0.002

    def next(self) -> str:
        if not self._waiting:
            weights, makers = zip(*self._kinds)
            self._waiting = self._rng.choices(makers, weights)[0]()
        return self._waiting.pop(0)

    # calls
    def _call(self) -> str:
        name, types, kind = self._rng.choices(self._functions, [_weight(name) for name, _, _ in self._functions])[0]
        if "trigger" in types:
            return f"create temp table if not exists watched (paused text); create trigger w before insert on watched for each row execute function {name}()"
        arguments = ", ".join(self._argument(name, type) for type in types)
        if kind == "p":
            return f"call {name}({arguments})"
        return f"select {name}({arguments})"

    def _argument(self, name: str, type: str) -> str:
        rng = self._rng
        if rng.random() < 0.02:
            return f"null::{type}"
        if type in ("json", "jsonb"):
            if "sync_update" in name and rng.random() < 0.6:
                return f"null::{type}"
            return f"{quoted(request_text(rng, self._places, sync='sync' in name))}::{type}"
        if type == "uuid":
            if rng.random() < 0.03:
                return _UNKNOWN_ID + "::uuid"
            column, view = ("item_queue_id", "imports") if "import" in name else ("id", "syncs")
            return f"(select {column} from connector.{view} order by created_at, {column} offset {rng.randrange(14)} limit 1)"
        if type == "interval":
            return (
                rng.choice(
                    ("null", "'1 second'", "'2 seconds'", "'1 hour'", "'-1 day'", "'100 years'", "'178000000 years'", "'0'")
                )
                + "::interval"
            )
        if type == "boolean":
            return rng.choice(("true", "true", "false"))
        if type in ("integer", "bigint"):
            return rng.choice(("0", "1", "5", "10", "1000", "-1", "2147483647", "(-2147483648)")) + f"::{type}"
        if type == "oid":
            return rng.choice(("0", "1", "1417", "1418", "2328", "'pg_class'::regclass")) + "::oid"
        if type == "text[]":
            return "array[" + ", ".join(quoted(f"{word(rng)}={word(rng)}") for _ in range(rng.randrange(1, 4))) + "]::text[]"
        if type == "text":
            return quoted(word(rng) if rng.random() < 0.7 else rng.choice(("mysql", "postgres", "sqlserver", "hive", "s0")))
        return f"null::{type}"

    def _plain_call(self) -> list[str]:
        return [self._call()]

    def _run_due(self) -> list[str]:
        return ["call cdb_run_due_syncs()"]

    def _several(self) -> list[str]:
        rng = self._rng
        return [
            self._call() if self._only_calls or rng.random() < 0.6 else self._table_ddl() for _ in range(rng.randrange(1, 4))
        ]

    def _in_transaction(self) -> list[str]:
        rng = self._rng
        how = rng.choice(
            (
                "",
                "",
                " isolation level serializable",
                " isolation level repeatable read",
                " read only",
                " isolation level serializable read only deferrable",
            )
        )
        inside = self._several()
        if rng.random() < 0.5:
            inside = [
                "savepoint a",
                *inside,
                rng.choice(("rollback to a", "release a", "rollback to a; release a")),
                *self._several(),
            ]
        return [f"begin{how}", *inside, rng.choice(("commit", "commit", "rollback"))]

    def _two_phase(self) -> list[str]:
        name = f"'p{self._rng.randrange(1_000_000)}'"
        return [
            "begin",
            *self._several(),
            f"prepare transaction {name}",
            self._rng.choice(("commit", "rollback")) + f" prepared {name}",
        ]

    def _cursor(self) -> list[str]:
        rng = self._rng
        hold = rng.random() < 0.3
        query = self._call()
        if not query.startswith("select"):
            query = "select * from connector.progress"
        steps = [
            f"declare c {'scroll ' if rng.random() < 0.3 else ''}cursor {'with hold ' if hold else ''}for {query}",
            "fetch 1 from c",
            *self._several(),
            "fetch all from c",
            "close c",
        ]
        return steps if hold else ["begin", *steps, rng.choice(("commit", "rollback"))]

    def _with_exception_block(self) -> list[str]:
        rng = self._rng
        times = rng.choice((1, 1, 3, 20))
        body = f"for i in 1..{times} loop begin perform shared.attempt($c${self._call()}$c$); exception when others then null; end; end loop;"
        end = rng.choice(("", "", " raise division_by_zero;", " commit;", " rollback;"))
        return [f"do $x$ begin {body}{end} end $x$"]

    def _as_other_role(self) -> list[str]:
        rng = self._rng
        return [f"set role {rng.choice(('alice', 'bob', 'none', 'shared_owner'))}", *self._several(), "reset role"]

    def _inside_a_statement(self) -> list[str]:
        rng = self._rng
        call = self._call()
        if not call.startswith("select"):
            return [call]
        self._prepared += 1
        expression = "(" + call.removeprefix("select ") + ")"
        return rng.choice(
            (
                [f"create temp table held{self._prepared} as {call} as x"],
                [f"explain (analyze, verbose) {call}"],
                [f"{call} from generate_series(1, 3)"],
                [f"select 1 where {expression} is not null"],
                [
                    f"prepare q{self._prepared} as {call}",
                    f"execute q{self._prepared}",
                    f"execute q{self._prepared}",
                    f"deallocate q{self._prepared}",
                ],
                [
                    f"create temp table d{self._prepared} (x text default {expression}::text)",
                    f"insert into d{self._prepared} default values",
                ],
                [f"with a as materialized ({call} as x) select * from a, a b"],
                [f"copy ({call}) to stdout"],
                [f"select coalesce({expression}::text, 'x') union all select {expression}::text"],
            )
        )

    def _pending_trigger(self) -> list[str]:
        """The caller's own deferred trigger waits for his commit while a run goes on."""
        return ["begin", "insert into shared.pending values (1)", *self._several(), "commit"]

    # other statements
    def _table_ddl(self) -> str:
        rng = self._rng
        name = rng.choice(TABLE_NAMES) if rng.random() < 0.8 else rng.choice(("t1_1", "t2_1", "t1_2"))
        table = f"{rng.choice(SCHEMAS)}.{name}"
        return rng.choice(_TABLE_DDL).format(t=table, u=rng.choice(TABLE_NAMES), n=rng.randrange(3))

    def _ddl(self) -> list[str]:
        return [self._table_ddl() if self._rng.random() < 0.9 else self._rng.choice(_OTHER_DDL)]

    def _look(self) -> list[str]:
        return [f"select count(*) from connector.{self._rng.choice(_VIEWS)}"]

    def _set(self) -> list[str]:
        rng = self._rng
        if rng.random() < 0.5:
            return ["reset all"]
        return [f"set {'local ' if rng.random() < 0.2 else ''}{rng.choice(_SETTINGS)}"]

    def _stray_transaction_command(self) -> list[str]:
        return [
            self._rng.choice(
                (
                    "begin",
                    "commit",
                    "rollback",
                    "savepoint a",
                    "listen connector",
                    "unlisten *",
                    "discard all",
                    "discard temp",
                    "set constraints all deferred",
                )
            )
        ]

    def _role_limits(self) -> list[str]:
        role = self._rng.choice(("'alice'", "'bob'", "null"))
        return [
            self._rng.choice(
                (
                    f"insert into connector.role_limits (role_name, max_rows, max_syncs) values ({role}, 10, {self._rng.randrange(3)})",
                    f"insert into connector.role_limits (role_name, enabled) values ({role}, false)",
                    "delete from connector.role_limits",
                    "delete from connector.role_limits",
                )
            )
        ]

    def _server(self) -> list[str]:
        rng = self._rng
        place = next(place for place in self._places if place.provider == "mysql")
        number = rng.randrange(3)
        if rng.random() < 0.3:
            request = f'{{"provider": "mysql", "connection": "s{number}", "table": "small", "import_as": "t1", "target_schema": "shared"}}'
            return [f"select cdb_import_connector({quoted(request)})"]
        return [rng.choice(_SERVER_DDL).format(n=number, port=place.connection["port"], password=place.connection["password"])]


def _weight(name: str) -> int:
    """Those that do the work are called more often than those that list things."""
    if "import_connector" in name:
        return 30
    if "sync_connector" in name or "sync_now" in name:
        return 16
    return 8 if name.rpartition(".")[2].startswith("cdb_") else 2
