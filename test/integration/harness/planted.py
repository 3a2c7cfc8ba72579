"""Code that an owner of a table has planted wherever PostgreSQL runs it, and that tells as whom it runs."""

from __future__ import annotations

from typing import Any

from .database import Database

OWNER = "alice"
TABLE = "alice.target"

# `context()` tries what is forbidden in a restricted operation.
# `note()` tells who runs it, and tries to queue an event that fires when the transaction ends.
_RECORDER = """
CREATE TABLE alice.seen (kind text, who name, session name, context text, planted text);
CREATE TABLE alice.fired (who name, session name, context text);
CREATE TABLE alice.bomb (x int);
CREATE FUNCTION alice.context() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  LISTEN probe;
  RAISE EXCEPTION 'free';
EXCEPTION WHEN OTHERS THEN
  RETURN CASE WHEN SQLERRM LIKE '%restricted%' THEN 'restricted' ELSE SQLERRM END;
END $$;
CREATE FUNCTION alice.plant() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alice.bomb VALUES (1);
  RETURN 'queued';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END $$;
CREATE FUNCTION alice.note(kind text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alice.seen VALUES (kind, current_user, session_user, alice.context(), alice.plant());
END $$;
CREATE FUNCTION alice.fires() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alice.fired VALUES (current_user, session_user, alice.context());
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bomb AFTER INSERT ON alice.bomb DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION alice.fires();
CREATE FUNCTION alice.code_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM alice.note(TG_ARGV[0]);
  RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION alice.code_cast(v numeric) RETURNS alice.wrapped LANGUAGE plpgsql AS $$ BEGIN PERFORM alice.note('cast'); RETURN ROW(v); END $$;
CREATE CAST (numeric AS alice.wrapped) WITH FUNCTION alice.code_cast(numeric) AS ASSIGNMENT;
"""

# Functions that say they are immutable and call one that is not.
_IMMUTABLE = (
    "CREATE FUNCTION alice.code_{kind}(v {type}) RETURNS {result} LANGUAGE plpgsql IMMUTABLE AS "
    "$$ BEGIN PERFORM alice.note('{words}'); RETURN {value}; END $$"
)
_FUNCTIONS = (
    ("index", "bigint", "bigint", "v", "index expression"),
    ("predicate", "bigint", "boolean", "true", "index predicate"),
    ("folded", "bigint", "bigint", "v", "constant of an index"),
    ("generated", "bigint", "bigint", "v", "generated column"),
    ("check", "bigint", "boolean", "true", "check constraint"),
    ("domain", "text", "boolean", "true", "domain"),
    ("policy", "bigint", "boolean", "true", "policy"),
    ("default", "bigint", "bigint", "v", "default"),
    ("statistics", "bigint", "bigint", "v", "statistics expression"),
    ("partition", "bigint", "bigint", "v", "partition expression"),
)

# What can be planted on a table that is there, by what it is.
PLANTINGS = {
    "index expression": "CREATE INDEX ON {t} (alice.code_index(id))",
    "index predicate": "CREATE INDEX ON {t} (id) WHERE alice.code_predicate(id)",
    "constant of an index": "CREATE INDEX ON {t} ((id + alice.code_folded(1)))",
    "generated column": "ALTER TABLE {t} ADD COLUMN g bigint GENERATED ALWAYS AS (alice.code_generated(id)) STORED",
    "default": "ALTER TABLE {t} ADD COLUMN d bigint DEFAULT alice.code_default(1)",
    "check constraint": "ALTER TABLE {t} ADD CHECK (alice.code_check(id))",
    "statistics expression": "CREATE STATISTICS alice.planted ON alice.code_statistics(id) FROM {t}",
    "policy": "CREATE POLICY p ON {t} USING (alice.code_policy(id)) WITH CHECK (alice.code_policy(id)); "
    "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "row trigger": "CREATE TRIGGER r BEFORE INSERT OR UPDATE OR DELETE ON {t} FOR EACH ROW EXECUTE FUNCTION alice.code_trigger('row trigger')",
    "statement trigger": "CREATE TRIGGER s AFTER INSERT OR UPDATE OR DELETE ON {t} FOR EACH STATEMENT "
    "EXECUTE FUNCTION alice.code_trigger('statement trigger')",
    "constraint trigger": "CREATE CONSTRAINT TRIGGER c AFTER INSERT ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
    "EXECUTE FUNCTION alice.code_trigger('constraint trigger')",
}
# Those that are part of a column's type: named in the request.
OF_TYPES = ("domain", "cast")
COLUMNS = {"id": None, "word": "alice.checked", "amount": "alice.wrapped"}


def make_recorder(db: Database) -> None:
    """A fresh schema of the owner's with everything that tells of itself, empty. As a superuser."""
    db.execute("DROP SCHEMA IF EXISTS alice CASCADE; CREATE SCHEMA alice AUTHORIZATION alice; SET ROLE alice")
    db.execute("CREATE TYPE alice.wrapped AS (v numeric);" + _RECORDER)
    for kind, type, result, value, words in _FUNCTIONS:
        db.execute(_IMMUTABLE.format(kind=kind, type=type, result=result, value=value, words=words))
    db.execute("CREATE DOMAIN alice.checked AS text CHECK (alice.code_domain(VALUE)); RESET ROLE")


def plant(db: Database, *kinds: str, table: str = TABLE) -> None:
    """Plants these on the table, as its owner, and forgets what has been seen on the way."""
    db.execute("SET ROLE alice")
    for kind in kinds:
        db.execute(PLANTINGS[kind].format(t=table))
    db.execute("RESET ROLE")
    forget(db)


def forget(db: Database) -> None:
    db.execute("DELETE FROM alice.seen; DELETE FROM alice.fired; DELETE FROM alice.bomb")


def seen(db: Database) -> list[tuple[Any, ...]]:
    """Each different way in which code was run: kind, role, session's role, context, what became of the planted event."""
    return db.rows("SELECT DISTINCT kind, who, session, context, planted FROM alice.seen ORDER BY 1, 2, 3, 4, 5")


def fired(db: Database) -> list[tuple[Any, ...]]:
    """As whom planted events fired: role, session's role, context."""
    return db.rows("SELECT DISTINCT who, session, context FROM alice.fired")
