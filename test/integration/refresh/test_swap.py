"""Refresh by swap: what hangs on a table stays, whatever the storage under it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness.database import Database
from harness.refreshing import Refreshed, assert_nothing_left, check_integrity, contents, orphan_files
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote import Remote

TABLE = "swapped"
ROWS = 2500


@pytest.fixture(autouse=True)
def source(mysql_or_postgres: Remote, db: Database) -> Iterator[Remote]:
    with remote_rows(mysql_or_postgres, TABLE, ROWS):
        yield mysql_or_postgres
        Syncs(db).clean()


@pytest.fixture
def sync(db: Database, source: Remote) -> Refreshed:
    return Refreshed(db, source.connector(table=TABLE))


def change(remote: Remote) -> None:
    """100 rows less, ten others."""
    remote.execute(f"DELETE FROM {TABLE} WHERE id > {ROWS - 100}", f"UPDATE {TABLE} SET word = 'new' WHERE id <= 10")


def test_new_rows(db: Database, source: Remote, sync: Refreshed) -> None:
    change(source)
    run = sync.run("swap")
    assert (run["rows"], run["inserted"], run["updated"], run["deleted"]) == (ROWS - 100, ROWS - 100, 0, 0)
    assert run["lock_ms"] > 0 and run["reason"] is None
    assert db.rows(f"SELECT count(*), count(*) FILTER (WHERE word = 'new'), max(id) FROM {TABLE}") == [(2400, 10, 2400)]
    assert db.value("SELECT %s::regclass::oid::int8", TABLE) == sync.oid
    assert_nothing_left(db)
    assert orphan_files(db) == []
    check_integrity(db, TABLE)


def test_pages_arrive_frozen(db: Database, sync: Refreshed) -> None:
    """As after an import: all-visible, so that index-only scans and the next VACUUM have nothing to do.

    From 16 on, PostgreSQL adds pages by the dozen, and those at the end that no row needed stay empty, after COPY as well.
    """
    sync.run("swap")
    filled = db.value(f"SELECT max((ctid::text::point)[0])::int + 1 FROM {TABLE}")
    ((pages, visible, rows),) = db.rows("SELECT relpages, relallvisible, reltuples FROM pg_class WHERE oid = %s", sync.oid)
    assert (visible, rows) == (filled, ROWS)
    assert filled > 0 and (pages == filled if db.server.major < 16 else pages >= filled)
    db.execute("CREATE EXTENSION IF NOT EXISTS pg_visibility")
    assert db.rows("SELECT * FROM pg_visibility_map(%s::oid::regclass) WHERE NOT all_frozen AND blkno < %s", sync.oid, filled) == []
    assert db.rows("SELECT * FROM pg_check_frozen(%s::oid::regclass)", sync.oid) == []


def test_index_whose_expression_fails(db: Database, source: Remote, sync: Refreshed) -> None:
    """The error tells which."""
    db.execute(f"CREATE INDEX of_words ON {TABLE} ((CASE WHEN word = 'new' THEN word::int END))")
    change(source)
    sync.fail(2001, "of_words", '"new"')


def test_dependents_stay(db: Database, source: Remote, sync: Refreshed) -> None:
    """Views, materialized views, grants, policies, comments, statistics objects and defaults go by the OID."""
    role = db.create_role("reader")
    db.execute(f"CREATE VIEW v AS SELECT id, word FROM {TABLE}")
    db.execute(f"CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM {TABLE}")
    db.execute(f"GRANT SELECT ON {TABLE} TO reader")
    db.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    db.execute(f"CREATE POLICY few ON {TABLE} USING (id <= 5)")
    db.execute(f"COMMENT ON TABLE {TABLE} IS 'kept'")
    db.execute(f"COMMENT ON COLUMN {TABLE}.word IS 'kept, too'")
    db.execute(f"CREATE STATISTICS s (dependencies) ON id, amount FROM {TABLE}")
    db.execute(f"ALTER TABLE {TABLE} ALTER COLUMN word SET DEFAULT 'nothing', ALTER COLUMN amount SET STATISTICS 7")
    db.execute(f"ALTER TABLE {TABLE} SET (fillfactor = 70, autovacuum_enabled = false)")
    db.execute(f"ALTER TABLE {TABLE} REPLICA IDENTITY FULL")
    change(source)
    sync.run("swap")
    assert db.value("SELECT count(*) FROM v") == 2400
    assert db.value("SELECT n FROM m") == ROWS
    db.execute("REFRESH MATERIALIZED VIEW m")
    assert db.value("SELECT n FROM m") == 2400
    assert role.value(f"SELECT count(*) FROM {TABLE}") == 5
    assert db.rows("SELECT obj_description(%s, 'pg_class'), col_description(%s, 2)", sync.oid, sync.oid) == [("kept", "kept, too")]
    assert db.value("SELECT stxrelid::int8 FROM pg_statistic_ext WHERE stxname = 's'") == sync.oid
    db.execute(f"INSERT INTO {TABLE} (id) VALUES (0)")
    assert db.value(f"SELECT word FROM {TABLE} WHERE id = 0") == "nothing"
    assert db.value("SELECT reloptions FROM pg_class WHERE oid = %s", sync.oid) == ["fillfactor=70", "autovacuum_enabled=false"]
    assert db.value("SELECT max(array_length(histogram_bounds::text::text[], 1)) <= 8 FROM pg_stats WHERE tablename = %s AND attname = 'amount'", TABLE)
    assert db.value("SELECT relreplident FROM pg_class WHERE oid = %s", sync.oid) == "f"
    role.close()
    db.execute("DROP OWNED BY reader")
    db.drop_role("reader")


INDEXES = (
    "CREATE INDEX i_btree ON {t} (word DESC NULLS LAST, id) WITH (fillfactor = 60)",
    "CREATE UNIQUE INDEX i_include ON {t} (id) INCLUDE (amount)",
    "CREATE INDEX i_partial ON {t} (amount) WHERE id % 2 = 0",
    "CREATE INDEX i_expression ON {t} (lower(word), (amount * 2))",
    "CREATE INDEX i_collated ON {t} (word COLLATE \"C\" text_pattern_ops)",
    "CREATE INDEX i_hash ON {t} USING hash (word)",
    "CREATE INDEX i_brin ON {t} USING brin (id int8_minmax_multi_ops (values_per_range = 16)) WITH (pages_per_range = 4)",
    "CREATE INDEX i_gin ON {t} USING gin (to_tsvector('simple', word))",
    "CREATE INDEX i_gist ON {t} USING gist (point(id::float8, amount::float8))",
    "CREATE INDEX i_spgist ON {t} USING spgist ((word::text))",
    "ALTER TABLE {t} ADD CONSTRAINT i_exclusion EXCLUDE USING gist (box(point(id::float8, 0), point(id::float8, 0)) WITH &&)",
    "ALTER TABLE {t} ADD CONSTRAINT i_deferred UNIQUE (id, amount) DEFERRABLE INITIALLY DEFERRED",
)


def test_indexes_stay(db: Database, source: Remote, sync: Refreshed) -> None:
    """Of every access method, with all their properties; each has an entry for each new row."""
    for statement in INDEXES:
        db.execute(statement.format(t=TABLE))
    db.execute("COMMENT ON INDEX i_btree IS 'kept'")
    db.execute(f"CLUSTER {TABLE} USING i_include")
    db.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    listing = (
        "SELECT i.indexrelid::int8, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary, i.indisclustered, "
        "pg_get_constraintdef(k.oid) FROM pg_index i LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid "
        "WHERE i.indrelid = %s ORDER BY 1"
    )
    before = db.rows(listing, sync.oid)
    assert len(before) == 13
    files = dict(db.rows("SELECT indexrelid::int8, pg_relation_filenode(indexrelid) FROM pg_index WHERE indrelid = %s", sync.oid))
    change(source)
    sync.run("swap")
    assert db.rows(listing, sync.oid) == before
    now = dict(db.rows("SELECT indexrelid::int8, pg_relation_filenode(indexrelid) FROM pg_index WHERE indrelid = %s", sync.oid))
    assert all(now[index] != files[index] for index in files), "every index has new storage"
    check_integrity(db, TABLE)
    db.execute("SET enable_seqscan = off")
    for condition, index in (
        ("word = 'new'", "i_"),
        ("id = 2400", "i_"),
        ("to_tsvector('simple', word) @@ 'new'::tsquery", "i_gin"),
        ("point(id::float8, amount::float8) <@ box '(0,0),(10,3)'", "i_gist"),
        ("lower(word) = 'new'", "i_expression"),
    ):
        plan = "\n".join(row[0] for row in db.rows(f"EXPLAIN SELECT * FROM {TABLE} WHERE {condition}"))
        assert index in plan or "pkey" in plan, plan
        by_index = db.rows(f"SELECT id FROM {TABLE} WHERE {condition} ORDER BY id")
        db.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SET enable_seqscan = on")
        assert db.rows(f"SELECT id FROM {TABLE} WHERE {condition} ORDER BY id") == by_index != []
        db.execute("RESET enable_indexscan; RESET enable_bitmapscan; RESET enable_indexonlyscan; SET enable_seqscan = off")
    db.execute("RESET ALL")
    assert db.value("SELECT count(*) FROM pg_stats WHERE tablename = 'i_expression'") == 2
    # It goes on as before: rows come and go, duplicates are refused.
    db.execute(f"INSERT INTO {TABLE} SELECT i, 'later', 0 FROM generate_series(5000, 5100) i; DELETE FROM {TABLE} WHERE id < 50")
    with pytest.raises(Exception, match="duplicate key"):
        db.execute(f"INSERT INTO {TABLE} (id) VALUES (5000)")
    check_integrity(db, TABLE)


def test_invalid_index_stays_invalid(db: Database, sync: Refreshed) -> None:
    """What a failed CREATE INDEX CONCURRENTLY left neither hinders a refresh nor becomes valid by it."""
    with pytest.raises(Exception, match="could not create unique index"):
        db.execute(f"CREATE UNIQUE INDEX CONCURRENTLY broken ON {TABLE} ((1))")
    assert db.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'broken'::regclass") is False
    sync.run("swap")
    assert db.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'broken'::regclass") is False
    db.execute(f"UPDATE {TABLE} SET amount = 0 WHERE id = 1")
    db.execute("DROP INDEX broken")
    check_integrity(db, TABLE)


def test_unique_index_against_the_rows(db: Database, source: Remote, sync: Refreshed) -> None:
    db.execute(f"CREATE UNIQUE INDEX one_word ON {TABLE} (word)")
    source.execute(f"UPDATE {TABLE} SET word = 'twice' WHERE id IN (3, 4)")
    row = sync.fail(2001, "one_word", "twice")
    assert "pg_temp" not in str(row)
    source.execute(f"UPDATE {TABLE} SET word = 'once' WHERE id = 3")
    sync.run("swap")


def test_own_columns(db: Database, source: Remote, sync: Refreshed) -> None:
    """Columns that the user added: defaults, identity, sequence, generated, in a table with dropped ones before them."""
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN gone text, ADD COLUMN gone_too int DEFAULT 7")
    db.execute(f"ALTER TABLE {TABLE} DROP COLUMN gone, DROP COLUMN gone_too")
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN missing int NOT NULL DEFAULT 3")  # without writing the rows anew
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY, ADD COLUMN serial serial")
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN twice numeric GENERATED ALWAYS AS (amount * 2 + missing) STORED, ADD COLUMN note text")
    db.execute(f"ALTER TABLE {TABLE} ADD CHECK (twice >= 3), ADD CHECK (length(word) > 0)")
    db.execute(f"UPDATE {TABLE} SET note = 'mine'")
    change(source)
    sync.run("swap")
    assert db.rows(
        f"SELECT count(*), count(DISTINCT number), count(DISTINCT serial), bool_and(missing = 3), bool_and(twice = amount * 2 + 3), count(note) FROM {TABLE}"
    ) == [(2400, 2400, 2400, True, True, 0)]
    assert db.value(f"SELECT min(number) FROM {TABLE}") == ROWS + 1, "sequences go on"
    assert not db.value("SELECT bool_or(atthasmissing) FROM pg_attribute WHERE attrelid = %s", sync.oid)
    db.execute(f"INSERT INTO {TABLE} (id, word, amount) VALUES (0, 'x', 1)")
    assert db.rows(f"SELECT missing, twice FROM {TABLE} WHERE id = 0") == [(3, 5)]
    check_integrity(db, TABLE)


def test_check_constraint_against_the_rows(db: Database, source: Remote, sync: Refreshed) -> None:
    db.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT short CHECK (length(word) <= 20)")
    source.execute(f"ALTER TABLE {TABLE} MODIFY word varchar(30)" if source.provider == "mysql" else f"ALTER TABLE {TABLE} ALTER word TYPE varchar(30)")
    source.execute(f"UPDATE {TABLE} SET amount = -1 WHERE id = 7")
    db.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT positive CHECK (amount >= 0)")
    sync.fail(2001, "positive")
    source.execute(f"UPDATE {TABLE} SET amount = 1 WHERE id = 7")
    sync.run()


def test_domain_that_refuses_null(db: Database, source: Remote, sync: Refreshed) -> None:
    """A column of the user's own without a default gets what INSERT would give it: an error."""
    db.execute("CREATE DOMAIN required AS int NOT NULL; CREATE DOMAIN filled AS int NOT NULL DEFAULT 8")
    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN has filled")
    sync.run("swap")
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE has = 8") == ROWS
    db.execute(f"TRUNCATE {TABLE}; ALTER TABLE {TABLE} ADD COLUMN mine required")
    sync.fail(2001, "domain", "required does not allow null values")
    db.execute(f"ALTER TABLE {TABLE} DROP COLUMN mine, DROP COLUMN has; DROP DOMAIN required, filled")
    sync.run("swap")


def test_rules_are_obeyed(db: Database, source: Remote, sync: Refreshed) -> None:
    """Rules that rewrite statements are a reason not to swap, like triggers."""
    db.execute("CREATE TABLE log (id bigint)")
    db.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {TABLE}_pkey")
    db.execute(f"CREATE RULE noted AS ON INSERT TO {TABLE} DO ALSO INSERT INTO log VALUES (NEW.id)")
    change(source)
    assert sync.run("delete and insert")["reason"] == "the table has rules"
    assert db.value("SELECT count(DISTINCT id) FROM log") == ROWS - 100
    db.execute(f"ALTER TABLE {TABLE} DISABLE RULE noted")
    sync.run("swap")
    db.execute("DROP TABLE log CASCADE")


def test_extended_statistics_describe_the_new_rows(db: Database, source: Remote, sync: Refreshed) -> None:
    db.execute(f"CREATE STATISTICS st (ndistinct, dependencies, mcv) ON word, amount FROM {TABLE}")
    db.execute(f"CREATE STATISTICS ex ON (length(word)), (amount % 2) FROM {TABLE}")
    db.execute(f"ALTER STATISTICS ex SET STATISTICS 50; COMMENT ON STATISTICS st IS 'kept'; ANALYZE {TABLE}")
    distinct = "SELECT n_distinct::text FROM pg_stats_ext WHERE statistics_name = 'st'"
    assert str(ROWS) in db.value(distinct)
    before = db.rows("SELECT oid::int8, stxname, stxrelid::int8, stxstattarget FROM pg_statistic_ext ORDER BY 1")
    source.execute(f"UPDATE {TABLE} SET word = concat('w', id % 5), amount = id % 5")
    sync.run("swap")
    assert ": 5}" in db.value(distinct)
    assert db.value("SELECT max(n_distinct) FROM pg_stats_ext_exprs WHERE statistics_name = 'ex'") == 2
    assert db.rows("SELECT oid::int8, stxname, stxrelid::int8, stxstattarget FROM pg_statistic_ext ORDER BY 1") == before
    plan = "\n".join(row[0] for row in db.rows(f"EXPLAIN SELECT * FROM {TABLE} WHERE word = 'w1' AND amount = 1"))
    assert f"rows={ROWS // 5}" in plan, plan
    db.execute(f"INSERT INTO {TABLE} SELECT i, 'later', 0 FROM generate_series(5000, 9000) i; ANALYZE {TABLE}")
    assert ": 6}" in db.value(distinct)
    db.execute("DROP STATISTICS st, ex")


def test_autovacuum_has_nothing_to_do(db: Database, source: Remote, sync: Refreshed) -> None:
    """The statistics are of the new rows, and counted so, whatever was counted before."""
    counters = "SELECT n_live_tup, n_dead_tup, n_mod_since_analyze FROM pg_stat_user_tables WHERE relid = %s"
    db.execute(f"UPDATE {TABLE} SET word = 'changed'; DELETE FROM {TABLE} WHERE id < 100")
    change(source)
    sync.run("swap")
    db.execute("SELECT pg_stat_force_next_flush()")
    assert db.rows(counters, sync.oid) == [(ROWS - 100, 0, 0)]
    alter = f"ALTER TABLE {TABLE} MODIFY word varchar(40)" if source.provider == "mysql" else f"ALTER TABLE {TABLE} ALTER word TYPE varchar(40)"
    source.execute(alter)
    sync.run("swap")
    db.execute("SELECT pg_stat_force_next_flush()")
    assert db.rows(counters, sync.oid)[0][:2] == (ROWS - 100, 0)


def test_no_command_for_each_column(db: Database, source: Remote, sync: Refreshed) -> None:
    """Event triggers that follow ALTER TABLE are not called, or once for what the user said about statistics."""
    db.execute("CREATE TABLE commands (tag text)")
    db.execute(
        "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.commands VALUES (tg_tag); END $$; "
        "CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note()"
    )
    try:
        sync.run("swap")
        assert db.value("SELECT count(*) FROM commands WHERE tag = 'ALTER TABLE'") == 0
        db.execute(f"ALTER TABLE {TABLE} ALTER word SET STATISTICS 7, ALTER amount SET STATISTICS 8, ALTER id SET (n_distinct = 5)")
        db.execute("TRUNCATE commands")
        sync.run("swap")
        assert db.value("SELECT count(*) FROM commands WHERE tag = 'ALTER TABLE'") == 1
        assert db.value("SELECT n_distinct FROM pg_stats WHERE tablename = %s AND attname = 'id'", TABLE) == 5
    finally:
        db.execute("DROP EVENT TRIGGER note; DROP FUNCTION note; DROP TABLE commands")


def test_toast(db: Database, source: Remote) -> None:
    """Large values; also a table that gets its first TOAST table with them."""
    name = source.quote("large")
    source.execute(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} (id int PRIMARY KEY, body {'longtext' if source.provider == 'mysql' else 'text'})")
    source.execute(f"INSERT INTO {name} VALUES (1, repeat('abcdefghij', 100000)), (2, repeat('x', 50)), (3, NULL)")
    sync = Refreshed(db, source.connector(table="large"))
    db.execute("ALTER TABLE large ALTER body SET STORAGE EXTERNAL, SET (toast.autovacuum_enabled = false)")
    for length in (200000, 1, 70000):
        source.execute(f"UPDATE {name} SET body = repeat('qwertyuiop', {length}) WHERE id = 2")
        sync.run("swap")
        assert db.rows("SELECT id, length(body), md5(body) = md5(repeat('qwertyuiop', %s)) FROM large ORDER BY id", length)[1] == (2, length * 10, True)
        assert_nothing_left(db)
        check_integrity(db, "large")
        db.execute("UPDATE large SET body = body || '!' WHERE id = 2")
        db.execute("VACUUM large")
        check_integrity(db, "large")
    assert db.value("SELECT t.reloptions FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.relname = 'large'") == [
        "autovacuum_enabled=false"
    ]
    assert orphan_files(db) == []
    source.drop("large")


def test_tablespaces_and_unlogged(db: Database, sync: Refreshed) -> None:
    folder = db.server.folder / "space"
    folder.mkdir(exist_ok=True)
    db.server.account.give(folder)
    db.execute(f"CREATE TABLESPACE elsewhere LOCATION '{folder}'")
    db.execute(f"ALTER TABLE {TABLE} SET TABLESPACE elsewhere; CREATE INDEX spaced ON {TABLE} (word) TABLESPACE elsewhere")
    sync.run("swap")
    spaces = "SELECT count(*) FROM pg_class c JOIN pg_tablespace t ON t.oid = c.reltablespace WHERE t.spcname = 'elsewhere'"
    assert db.value(spaces) == 2
    assert all("pg_tblspc" in path for (path,) in db.rows("SELECT pg_relation_filepath(oid) FROM pg_class WHERE relname IN (%s, 'spaced')", TABLE))
    check_integrity(db, TABLE)
    db.execute(f"ALTER TABLE {TABLE} SET UNLOGGED")
    sync.run("swap")
    assert db.value("SELECT array_agg(DISTINCT relpersistence::text) FROM pg_class WHERE relname IN (%s, 'spaced')", TABLE) == ["u"]
    check_integrity(db, TABLE)
    db.execute(f"ALTER TABLE {TABLE} SET TABLESPACE pg_default; ALTER INDEX spaced SET TABLESPACE pg_default; ALTER TABLE {TABLE} SET LOGGED")
    check_integrity(db, TABLE)
    db.execute("DROP TABLESPACE elsewhere")


def test_not_null(db: Database, source: Remote, sync: Refreshed) -> None:
    db.execute(f"ALTER TABLE {TABLE} ALTER word SET NOT NULL")
    source.execute(f"UPDATE {TABLE} SET word = NULL WHERE id = 9")
    sync.fail(2001, '"word"', "NOT NULL")


def test_renamed_table_and_schema(db: Database, sync: Refreshed) -> None:
    db.execute(f'CREATE SCHEMA "odd "" schema"; ALTER TABLE {TABLE} SET SCHEMA "odd "" schema"')
    db.execute(f'ALTER TABLE "odd "" schema".{TABLE} RENAME TO "odd "" table"')
    db.execute('CREATE INDEX "odd "" index" ON "odd "" schema"."odd "" table" (word)')
    sync.run("swap")
    assert_nothing_left(db)
    check_integrity(db, '"odd "" schema"."odd "" table"')
    db.execute('DROP SCHEMA "odd "" schema" CASCADE')


def test_inside_a_transaction(db: Database, source: Remote, sync: Refreshed) -> None:
    """The caller's transaction may undo the refresh, and refresh twice."""
    before = contents(db, TABLE)
    change(source)
    db.execute("BEGIN; SAVEPOINT a")
    sync.run("swap")
    sync.run("swap")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 2400
    db.execute(f"INSERT INTO {TABLE} (id) VALUES (-1)")
    db.execute("ROLLBACK TO a")
    assert contents(db, TABLE) == before
    db.execute("COMMIT")
    assert contents(db, TABLE) == before
    assert_nothing_left(db)
    check_integrity(db, TABLE)
    assert orphan_files(db) == []
    db.execute(f"DECLARE c CURSOR WITH HOLD FOR SELECT * FROM {TABLE}; FETCH c")
    db.execute("BEGIN")
    db.execute(f"DECLARE d CURSOR FOR SELECT * FROM {TABLE}; FETCH d")
    sync.fail(2001, "being used by active queries")
    db.execute("ROLLBACK; CLOSE ALL")


def test_limits(db: Database, source: Remote) -> None:
    sync = Refreshed(db, source.connector(table=TABLE, max_rows=100))
    run = sync.run("swap")
    assert run["rows"] == 100 and run["warnings"] == {"max_rows_per_connection": 100}
    assert any("the limit of 100 rows" in notice for notice in db.notices)
    assert db.value(f"SELECT count(*) FROM {sync.table}") == 100


def test_empty_source(db: Database, source: Remote, sync: Refreshed) -> None:
    source.execute(f"DELETE FROM {TABLE}")
    sync.run("swap")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 0
    check_integrity(db, TABLE)
    source.execute(f"INSERT INTO {TABLE} (id) VALUES (1)")
    sync.run("swap")
    assert db.value(f"SELECT count(*) FROM {TABLE}") == 1


def test_owner_code_is_restricted(db: Database, source: Remote, etl: Database) -> None:
    """Code of the owner that a superuser's session runs can't get at that session."""
    db.execute("ALTER ROLE etl SET connector.allowed_hosts = '127.0.0.1'")
    db.execute("SET connector.allowed_hosts = '127.0.0.1'")
    sync = Refreshed(etl, source.connector(table=TABLE))
    etl.execute(
        "CREATE FUNCTION probe() RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
        "IF session_user = 'etl' THEN RETURN; END IF; "
        "IF current_user <> 'etl' THEN RAISE 'runs as somebody else'; END IF; "
        "BEGIN CREATE TEMP TABLE trap (a int); EXCEPTION WHEN insufficient_privilege THEN RETURN; END; "
        "RAISE 'not restricted'; END $$"
    )
    etl.execute(  # a function may call itself immutable and yet do what it likes
        "CREATE FUNCTION spy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.probe(); RETURN $1; END $$"
    )
    etl.execute(f"CREATE INDEX spied ON {TABLE} (public.spy(word)); ALTER TABLE {TABLE} ADD CHECK (public.spy('x') = 'x')")
    etl.execute(f"ALTER TABLE {TABLE} ADD COLUMN mine text DEFAULT public.spy('d')")
    by_superuser = Syncs(db)
    assert by_superuser.now(sync.id, wait=True)["state"] == "success", by_superuser.status(sync.id)["error_message"]
    assert db.value(f"SELECT count(*) FROM {TABLE} WHERE mine = 'd'") == ROWS
    etl.execute(f"DROP TABLE {TABLE}; DROP FUNCTION spy, probe")
    db.execute("RESET connector.allowed_hosts")
    by_superuser.clean()
