"""The cluster that random calls are made in: roles, schemas, and the code that its ordinary roles have planted."""

from __future__ import annotations

import json
from collections.abc import Sequence

from servers.postgres import Postgres

from .requests import TABLE_NAMES, Place

DATABASE = "random_calls"

SETTINGS = {
    "shared_preload_libraries": "connector",
    "max_worker_processes": "20",
    "max_prepared_transactions": "30",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "deadlock_timeout": "200ms",
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "20s",
    "connector.max_workers": "4",
    "connector.min_sync_interval": "1s",
    "connector.allowed_hosts": "127.0.0.0/8",
    "connector.max_rows": "20000",
    "connector.statement_timeout": "20s",
}

# What it does depends on chance: it is called from indexes, policies, triggers and checks.
_MEDDLE = """
create function shared.meddle(i int) returns int language plpgsql as $$
declare
  chance float8 := random();
  command text;
begin
  begin
    execute 'alter role alice superuser';
  exception when others then null;
  end;
  command := case
    when chance < 0.1 then 'insert into shared.pending values (1)'
    when chance < 0.15 then 'create temp table if not exists left_here (x int)'
    when chance < 0.2 then 'alter table alice.t1 alter column amount type text'
    when chance < 0.25 then 'create index on alice.t1 (amount)'
    when chance < 0.3 then 'alter table shared.t2 add column meddled int'
    when chance < 0.35 then 'truncate bob.t1'
    when chance < 0.4 then 'set constraints all deferred'
    when chance < 0.45 then 'declare meddling cursor with hold for select 1'
    when chance < 0.5 then 'prepare meddling as select 1'
    when chance < 0.52 then 'set role none'
  end;
  if command is not null then
    execute command;
  end if;
  return i;
exception when others then
  return i;
end $$
"""

_CODE = (
    "create table shared.pending (i int)",
    _MEDDLE,
    """create function shared.planted() returns trigger language plpgsql as $$
    begin perform shared.meddle(1); return case when TG_WHEN = 'BEFORE' then new end; end $$""",
    """create constraint trigger fires after insert on shared.pending deferrable initially deferred
    for each row execute function shared.planted()""",
    "create function shared.reshape(int) returns int language plpgsql immutable as $$ begin return $1; end $$",
    """create function shared.choosy(int) returns boolean language plpgsql as $$ begin
    if $1 % 17 = 3 then raise exception 'not this one' using errcode = (array['22000', '57014', '40001', '0A000', '23514', '55P03'])[1 + $1 % 6]; end if;
    return true; end $$""",
    "create domain shared.picky as int check (shared.choosy(value))",
    "create domain shared.positive as int check (value > 0)",
    "create type shared.mood as enum ('1', '2', 'x')",
    "create type shared.pair as (a int, b text)",
    """create function shared.attempt(command text) returns void language plpgsql as $$
    begin execute command; exception when others then perform 1; end $$""",
    "create materialized view shared.nothing as select 1 as x",
)


def prepare(server: Postgres) -> None:
    """Makes roles, schemas and code in a fresh database with the extension."""
    server.create_database(DATABASE, "connector")
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("create extension amcheck")
        for role in ("alice", "bob", "watcher", "stranger", "boss"):
            cursor.execute(f"create role {role} login")
        cursor.execute("create role shared_owner; grant shared_owner to alice, bob, boss")
        cursor.execute("grant alice, bob to boss; grant pg_read_all_stats to watcher")
        cursor.execute("grant usage on foreign data wrapper connector to alice, bob, boss, watcher")
        cursor.execute(
            "create schema alice authorization alice; create schema bob authorization bob; create schema shared authorization shared_owner"
        )
        cursor.execute(
            "grant usage, create on schema shared to public; grant usage on schema alice, bob to public; grant create on schema public to alice, bob, boss"
        )
        cursor.execute("grant insert, update, delete, select on connector.role_limits to boss")
        cursor.execute("set role shared_owner")
        for statement in _CODE:
            cursor.execute(statement)
        cursor.execute("grant all on shared.pending to public")
    connection.close()


def create_syncs(server: Postgres, places: Sequence[Place]) -> None:
    """Syncs that work, of each mode, for alice and bob, from each place."""
    modes = ({}, {"mode": "merge", "key": "id"}, {"mode": "append", "cursor": "id"})
    for role in ("alice", "bob"):
        with server.connect(DATABASE, role) as connection, connection.cursor() as cursor:
            for number, (place, mode) in enumerate((place, mode) for place in places for mode in modes):
                request = {
                    "provider": place.provider,
                    "connection": place.connection,
                    "table": "versioned" if number % 2 else "small",
                    "import_as": TABLE_NAMES[number],
                    "target_schema": role,
                    **({"sync": mode} if mode else {}),
                }
                cursor.execute("select cdb_sync_connector(%s::json, '2 seconds')", (json.dumps(request),))
        connection.close()


def functions(server: Postgres) -> list[tuple[str, tuple[str, ...], str]]:
    """All functions of the extension: name with schema, types of the arguments, and whether it is a procedure. A trigger
    function has the type `trigger` instead of arguments."""
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select p.oid::regproc::text, case when p.prorettype = 'trigger'::regtype then array['trigger'] "
            "else array(select t::regtype::text from unnest(p.proargtypes) with ordinality as a (t, n) order by n) end, p.prokind::text "
            "from pg_proc p join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e' "
            "join pg_extension e on e.oid = d.refobjid and e.extname = 'connector' order by 1"
        )
        rows = [(name if "." in name else f"public.{name}", tuple(types), kind) for name, types, kind in cursor.fetchall()]
    connection.close()
    return rows
