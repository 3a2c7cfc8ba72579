"""The key `at`: syncs that run at a time of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from harness.database import Database
from harness.errors import fails
from harness.scratch import remote_rows
from harness.syncs import Syncs

from servers.remote import Remote

TABLE = "tides"


@pytest.fixture
def table(mariadb: Remote) -> Iterator[Remote]:
    with remote_rows(mariadb, TABLE, 10):
        yield mariadb


@pytest.fixture
def db(db: Database) -> Iterator[Database]:
    yield db
    db.execute("RESET timezone")


def next_run(syncs: Syncs, id: str) -> datetime:
    found = syncs.database.value("SELECT run_at FROM connector.syncs WHERE id = %s", id)
    assert isinstance(found, datetime)
    return found


def created(syncs: Syncs, table: Remote, interval: str | None = None, **sync: object) -> str:
    id = syncs.create(table.connector(table=TABLE, sync=sync), interval=interval)["id"]
    assert isinstance(id, str)
    return id


def first_run(syncs: Syncs, id: str) -> None:
    syncs.database.execute("CALL cdb_run_due_syncs()")
    assert syncs.state(id) == "success"


def next_on_clock(clock: time, zone: str, after: datetime) -> datetime:
    """The first moment after that at which clocks in the zone show it."""
    local = after.astimezone(ZoneInfo(zone))
    found = datetime.combine(local.date(), clock, ZoneInfo(zone))
    return found if found.astimezone(UTC) > after.astimezone(UTC) else datetime.combine(local.date() + timedelta(days=1), clock, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("at", "clock", "zone"),
    [
        ("02:00 Europe/Berlin", time(2), "Europe/Berlin"),
        ("23:59:30 america/new_york", time(23, 59, 30), "America/New_York"),
        ("0:05 Asia/Kolkata", time(0, 5), "Asia/Kolkata"),
        ("12:00 UTC", time(12), "UTC"),
        ("12:00 Pacific/Kiritimati", time(12), "Pacific/Kiritimati"),
    ],
)
def test_the_run_after_the_first_comes_at_that_time(syncs: Syncs, table: Remote, at: str, clock: time, zone: str) -> None:
    id = created(syncs, table, "1 day", at=at)
    assert next_run(syncs, id) <= datetime.now(UTC), "the first run makes the table at once"
    before = datetime.now(UTC)
    first_run(syncs, id)
    after = datetime.now(UTC)
    assert next_run(syncs, id) in {next_on_clock(clock, zone, before), next_on_clock(clock, zone, after)}


def test_several_days(syncs: Syncs, table: Remote) -> None:
    id = created(syncs, table, "7 days", at="02:00 UTC")
    before = datetime.now(UTC)
    first_run(syncs, id)
    found = next_run(syncs, id)
    assert found in {next_on_clock(time(2), "UTC", now) + timedelta(days=6) for now in (before, datetime.now(UTC))}
    assert syncs.database.value("SELECT cdb_sync_status(%s) ->> 'interval'", id) == "604800"


def test_without_a_zone_that_of_the_session_is_kept(syncs: Syncs, table: Remote) -> None:
    db = syncs.database
    db.execute("SET timezone = 'asia/tokyo'")
    id = created(syncs, table, at="02:00")
    db.execute("SET timezone = 'America/Lima'")
    assert db.rows('SELECT at, "interval" = \'1 day\' FROM connector.syncs WHERE id = %s', id) == [("02:00 Asia/Tokyo", True)]
    assert syncs.status(id)["at"] == "02:00 Asia/Tokyo"
    first_run(syncs, id)
    assert next_run(syncs, id).astimezone(ZoneInfo("Asia/Tokyo")).time() == time(2)
    # A dump has it, too.
    db.execute("CREATE TEMPORARY TABLE kept AS SELECT * FROM connector.sync")
    db.execute("DELETE FROM connector.sync; INSERT INTO connector.sync SELECT * FROM kept; DROP TABLE kept")
    assert syncs.call("cdb_sync_resume", id)["at"] == "02:00 Asia/Tokyo"
    assert next_run(syncs, id).astimezone(ZoneInfo("Asia/Tokyo")).time() == time(2)


@pytest.mark.parametrize("at", ["2", "24:00", "02:00+02", "at two", "02:00 Europe/Berln", "02:00 CEST", "02:00 ../UTC",
                                "02:00 UTC+2", "02:00 GMT-5", "02:00 +02", "02:00 -02:00", "02:00 2"])  # fmt: skip
def test_what_is_no_time_of_the_day(syncs: Syncs, table: Remote, at: str) -> None:
    with fails('"sync.at"', number=1502):
        created(syncs, table, "1 day", at=at)
    assert syncs.database.value("SELECT count(*) FROM connector.sync") == 0


@pytest.mark.parametrize("interval", ["1 hour", "36 hours", "1 day 1 second", "1 year"])
def test_only_with_whole_days(syncs: Syncs, table: Remote, interval: str) -> None:
    with fails("needs an interval of whole days", number=1502):
        created(syncs, table, interval, at="02:00 UTC")
    id = created(syncs, table, "1 month", at="02:00 UTC")  # 30 days
    with fails("needs an interval of whole days", number=1502):
        syncs.call("cdb_sync_update", id, interval)


def test_an_update_counts_anew(syncs: Syncs, table: Remote) -> None:
    def update(interval: str | None, **sync: object) -> datetime:
        syncs.call("cdb_sync_update", id, interval, table.connector(table=TABLE, sync=sync) if sync else None)
        return next_run(syncs, id)

    id = created(syncs, table)
    first_run(syncs, id)
    with fails("needs an interval of whole days"):
        update(None, at="02:00 UTC")
    assert syncs.status(id)["at"] is None
    ahead = (datetime.now(UTC) + timedelta(hours=2)).replace(second=0, microsecond=0)
    assert update("1 day", at=f"{ahead:%H:%M} UTC") == ahead
    berlin = ahead.astimezone(ZoneInfo("Europe/Berlin"))
    assert update(None, at=f"{berlin:%H:%M} Europe/Berlin") == ahead
    assert update("3 days") == ahead + timedelta(days=2)
    assert update("2 days", mode="replace") == ahead + timedelta(days=1) and syncs.status(id)["at"] is None


def test_a_retry_is_not_bound_to_it(syncs: Syncs, table: Remote) -> None:
    id = created(syncs, table, at="02:00 UTC")
    first_run(syncs, id)
    table.server.stop()
    syncs.make_due(id)
    syncs.database.execute("CALL cdb_run_due_syncs()")
    table.server.start()
    assert syncs.state(id) == "failure"
    assert next_run(syncs, id) < datetime.now(UTC) + timedelta(minutes=2)
    before = datetime.now(UTC)
    assert syncs.now(id, wait=True)["state"] == "success"
    assert next_run(syncs, id) in {next_on_clock(time(2), "UTC", now) for now in (before, datetime.now(UTC))}


def test_a_zone_that_is_not_known_any_more(syncs: Syncs, table: Remote) -> None:
    """As a restore on another system may bring it: the sync goes on by its interval."""
    id = created(syncs, table, at="02:00 UTC")
    syncs.database.execute("UPDATE connector.sync SET at = '02:00 Mars/Base'")
    due = next_run(syncs, id)
    first_run(syncs, id)
    assert next_run(syncs, id) == due + timedelta(days=1)
    assert syncs.status(id)["at"] == "02:00 Mars/Base"
