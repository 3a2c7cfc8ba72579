"""Tables here whose partitions are tables of other clusters, by postgres_fdw."""

from __future__ import annotations

from contextlib import closing

from servers.postgres import Postgres
from servers.workspace import Workspace

from .database import Database

COLUMNS = "id bigint, word varchar(20), amount numeric(12,2)"


def start_shards(workspace: Workspace, count: int = 2) -> list[Postgres]:
    """More clusters, which know nothing of the extension. What was committed there outlives a kill of their processes."""
    settings = {"synchronous_commit": "on"}
    return [Postgres(workspace, pg_config="pg_config", settings=settings).start() for _ in range(count)]


def on_shard(shard: Postgres, statement: str) -> list[tuple[object, ...]]:
    """Runs a statement in the shard's database and gives its rows."""
    shard.start()
    with closing(shard.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def create_servers(db: Database, shards: list[Postgres], batch_size: int | None = 1000) -> None:
    """The servers shard0, shard1 …, for the superuser, without a table."""
    db.execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    batches = f", batch_size '{batch_size}'" if batch_size is not None else ""
    for number, shard in enumerate(shards):
        db.execute(f"DROP SERVER IF EXISTS shard{number} CASCADE")
        db.execute(
            f"CREATE SERVER shard{number} FOREIGN DATA WRAPPER postgres_fdw "
            f"OPTIONS (host '{shard.folder}', port '{shard.port}', dbname 'postgres'{batches})"
        )
        db.execute(f"CREATE USER MAPPING FOR postgres SERVER shard{number} OPTIONS (user 'postgres')")


def create_foreign_parts(db: Database, shards: list[Postgres], table: str, batch_size: int | None = 1000, columns: str = COLUMNS) -> None:
    """A table with a partition on each shard and one here, by the hash of the id."""
    create_servers(db, shards, batch_size)
    parts = len(shards) + 1
    db.execute(f"DROP TABLE IF EXISTS {table} CASCADE; CREATE TABLE {table} ({columns}) PARTITION BY HASH (id)")
    for number, shard in enumerate(shards):
        on_shard(shard, f"DROP TABLE IF EXISTS {table}_part; CREATE TABLE {table}_part ({columns})")
        db.execute(
            f"CREATE FOREIGN TABLE {table}_{number} PARTITION OF {table} FOR VALUES WITH (MODULUS {parts}, REMAINDER {number}) "
            f"SERVER shard{number} OPTIONS (table_name '{table}_part')"
        )
    db.execute(f"CREATE TABLE {table}_here PARTITION OF {table} FOR VALUES WITH (MODULUS {parts}, REMAINDER {parts - 1})")
