"""LatchWait: what ends a wait on a silent socket and what does not, and what is left then (src/pg/latch_wait.hpp)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from harness.boundary import Cluster, is_clean, marks, wait_until_waiting, wakeups
from harness.database import Database, Job
from harness.errors import fails

from servers.process import identify, wait_until

NOTHING, READABLE, WRITABLE = 0, 1, 2
WAIT = "SELECT boundary_wait(%s, %s, %s, %s, %s)"
WAIT_FOR_TWO = "SELECT boundary_wait_for_two(%s, %s, %s, %s, %s, %s)"


@pytest.fixture
def mark(cluster: Cluster, request: pytest.FixtureRequest) -> Path:
    return cluster.mark(request.node.name.replace("[", "-").replace("]", "").replace("/", "-"))


@pytest.fixture
def remote(cluster: Cluster) -> Iterator[socket.socket]:
    """A socket that the backend connects to."""
    path = cluster.mark("remote")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        cluster.server.account.give(path)
        listener.listen()
        yield listener
    path.unlink()


@contextmanager
def waiting(cluster: Cluster, session: Database, mark: Path, events: int = READABLE, path: str | None = None) -> Iterator[Job]:
    with session.in_background(WAIT, path, str(mark), events, None, None) as job:
        wait_until_waiting(cluster, job.pid)
        assert marks(mark) == 0
        yield job


@pytest.mark.parametrize("events", [NOTHING, READABLE])
def test_cancel(cluster: Cluster, session: Database, mark: Path, events: int) -> None:
    with waiting(cluster, session, mark, events) as job:
        pid = job.pid
        job.cancel()
        with fails("^canceling statement due to user request$", sqlstate="57014"):
            job.result()
        assert marks(mark) == 1
        assert job.database.pid == pid
        is_clean(job.database)


def test_statement_timeout(session: Database, mark: Path) -> None:
    is_clean(session)  # loads the module, so that the time is spent in the wait
    session.execute("SET statement_timeout = '1s'")
    with fails("^canceling statement due to statement timeout$", sqlstate="57014"):
        session.execute(WAIT, None, str(mark), READABLE, None, None)
    session.execute("RESET statement_timeout")
    assert marks(mark) == 1
    is_clean(session)


def test_cancel_inside_plpgsql_and_savepoint(cluster: Cluster, session: Database, mark: Path) -> None:
    is_clean(session)
    session.execute("BEGIN; SAVEPOINT here; SET LOCAL statement_timeout = '1s'")
    with fails(sqlstate="57014"):
        session.execute(f"DO $do$ BEGIN PERFORM boundary_wait(NULL, '{mark}', 1, NULL, NULL); END $do$")
    assert marks(mark) == 1
    session.execute("ROLLBACK TO here")
    is_clean(session)
    session.execute("COMMIT")


def test_run_deadline(session: Database, mark: Path) -> None:
    session.execute("SET statement_timeout = '20s'")  # instead of hanging
    with fails("^the run took longer than connector.statement_timeout allows$", sqlstate="HYT00", number=6667, hint="."):
        session.execute(WAIT, None, str(mark), READABLE, None, 20)
    assert marks(mark) == 1
    with fails(sqlstate="HYT00", number=6667):
        session.execute(WAIT, None, str(mark), NOTHING, 600000, 0)
    is_clean(session)


def test_deadline_of_one_wait(session: Database, mark: Path) -> None:
    """It is no error."""
    session.execute("SET statement_timeout = '20s'")  # instead of hanging
    for events in (NOTHING, READABLE):
        for deadline in (-1000, 0, 20):
            assert session.value(WAIT, None, str(mark), events, deadline, None) == NOTHING
            assert session.value(WAIT, None, str(mark), events, deadline, 600000) == NOTHING
    is_clean(session)


def test_ready_sockets(session: Database, mark: Path) -> None:
    assert session.value(WAIT, None, str(mark), WRITABLE, None, None) == WRITABLE
    assert session.value(WAIT, None, str(mark), READABLE | WRITABLE, None, None) == WRITABLE
    assert marks(mark) == 2


@pytest.mark.parametrize("end", [lambda client: client.sendall(b"!"), lambda client: client.close()], ids=["data", "closed"])
def test_socket_becomes_readable(
    cluster: Cluster, session: Database, mark: Path, remote: socket.socket, end: Callable[[socket.socket], None]
) -> None:
    with waiting(cluster, session, mark, path=remote.getsockname()) as job:
        client, _ = remote.accept()
        with client:
            end(client)
            assert job.result() == [(READABLE,)]


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_two_sockets_ready_at_once(session: Database, mark: Path) -> None:
    session.execute("SET statement_timeout = '20s'")  # instead of hanging
    session.value(WAIT_FOR_TWO, None, None, str(mark), WRITABLE, None, None)
    before = descriptors(session.pid)
    for _ in range(20):
        assert session.value(WAIT_FOR_TWO, None, None, str(mark), WRITABLE, None, None) == "2 2"
        assert session.value(WAIT_FOR_TWO, None, None, str(mark), READABLE | WRITABLE, None, None) == "2 2"
        assert session.value(WAIT_FOR_TWO, None, "none", str(mark), WRITABLE, None, None) == "2 0"
    assert descriptors(session.pid) == before
    is_clean(session)


def test_deadline_of_a_wait_for_two_sockets(session: Database, mark: Path) -> None:
    session.execute("SET statement_timeout = '20s'")  # instead of hanging
    for deadline in (-1000, 0, 20):
        assert session.value(WAIT_FOR_TWO, None, None, str(mark), READABLE, deadline, None) == "0 0"
        assert session.value(WAIT_FOR_TWO, None, "none", str(mark), READABLE, deadline, 600000) == "0 0"
        assert session.value(WAIT_FOR_TWO, None, None, str(mark), NOTHING, deadline, None) == "0 0"
    with fails(sqlstate="HYT00", number=6667):
        session.execute(WAIT_FOR_TWO, None, None, str(mark), READABLE, None, 20)
    is_clean(session)


@pytest.mark.parametrize("end", [lambda client: client.sendall(b"!"), lambda client: client.close()], ids=["data", "closed"])
@pytest.mark.parametrize("place", [0, 1])
def test_one_of_two_sockets_becomes_readable(
    cluster: Cluster, session: Database, mark: Path, remote: socket.socket, place: int, end: Callable[[socket.socket], None]
) -> None:
    paths: list[str | None] = [None, None]
    paths[place] = remote.getsockname()
    with session.in_background(WAIT_FOR_TWO, *paths, str(mark), READABLE, None, None) as job:
        wait_until_waiting(cluster, job.pid)
        client, _ = remote.accept()
        with client:
            before = wakeups(job.pid)
            os.kill(job.pid, signal.SIGHUP)
            wait_until(lambda: wakeups(job.pid) > before, what="the backend to wake and sleep again")
            wait_until_waiting(cluster, job.pid)
            assert job.running()
            end(client)
            assert job.result() == [("1 0" if place == 0 else "0 1",)]


def test_both_of_two_sockets_are_readable(cluster: Cluster, session: Database, mark: Path, remote: socket.socket) -> None:
    path = remote.getsockname()
    with session.in_background(WAIT_FOR_TWO, path, path, str(mark), READABLE, None, None) as job:
        clients = [remote.accept()[0], remote.accept()[0]]
        wait_until_waiting(cluster, job.pid)
        os.kill(job.pid, signal.SIGSTOP)
        wait_until(lambda: "State:\tT" in Path(f"/proc/{job.pid}/status").read_text(), what="the backend to stand still")
        for client in clients:
            client.sendall(b"!")
        os.kill(job.pid, signal.SIGCONT)
        assert job.result() == [("1 1",)]
        for client in clients:
            client.close()


def test_cancel_of_a_wait_for_two_sockets(cluster: Cluster, session: Database, mark: Path) -> None:
    with session.in_background(WAIT_FOR_TWO, None, None, str(mark), READABLE, None, None) as job:
        wait_until_waiting(cluster, job.pid)
        job.cancel()
        with fails("^canceling statement due to user request$", sqlstate="57014"):
            job.result()
        assert marks(mark) == 1
        is_clean(job.database)


def test_an_interrupted_wait_for_two_sockets_leaves_no_descriptor(session: Database, mark: Path) -> None:
    is_clean(session)  # loads the module, so that the time is spent in the wait
    session.execute("SET statement_timeout = '100ms'")
    before = None
    for _ in range(5):
        with fails("^canceling statement due to statement timeout$", sqlstate="57014"):
            session.execute(WAIT_FOR_TWO, None, None, str(mark), READABLE, None, None)
        before = before or descriptors(session.pid)
    assert descriptors(session.pid) == before
    session.execute("RESET statement_timeout")
    is_clean(session)


def test_a_closed_descriptor_beside_another(session: Database, mark: Path) -> None:
    with fails("epoll_ctl\\(\\) failed: Bad file descriptor"):
        session.execute(WAIT_FOR_TWO, None, "closed", str(mark), READABLE, None, None)
    before = descriptors(session.pid)
    for _ in range(20):
        with fails("epoll_ctl\\(\\) failed: Bad file descriptor"):
            session.execute(WAIT_FOR_TWO, None, "closed", str(mark), READABLE, None, None)
    assert descriptors(session.pid) == before
    is_clean(session)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGURG], ids=lambda number: number.name)
def test_other_wakeups_do_not_end_the_wait(
    cluster: Cluster, session: Database, mark: Path, remote: socket.socket, number: int
) -> None:
    """Reloading the configuration, and a latch that was set for another reason."""
    session.execute("SET lock_timeout = '1ms'")  # has nothing to do with it either
    with waiting(cluster, session, mark, path=remote.getsockname()) as job:
        client, _ = remote.accept()
        with client:
            for _ in range(20):
                before = wakeups(job.pid)
                os.kill(job.pid, number)
                wait_until(lambda before=before: wakeups(job.pid) > before, what="the backend to wake and sleep again")
            wait_until_waiting(cluster, job.pid)
            assert job.running() and marks(mark) == 0
            client.sendall(b"!")
            assert job.result() == [(READABLE,)]
        assert marks(mark) == 1


def test_the_backend_answers_while_it_waits(cluster: Cluster, session: Database, mark: Path) -> None:
    """Other interrupts are served: a barrier (DROP DATABASE waits for it) and catalog invalidations pass."""
    with waiting(cluster, session, mark) as job:
        admin = Database(cluster.server, "postgres")
        position = cluster.server.log_size()
        admin.execute("SELECT pg_log_backend_memory_contexts(%s)", job.pid)
        wait_until(lambda: "logging memory contexts of PID" in cluster.server.log_since(position), what="the answer")
        admin.execute("CREATE DATABASE passing")
        admin.execute("DROP DATABASE passing")
        admin.close()
        wait_until_waiting(cluster, job.pid)
        assert job.running() and marks(mark) == 0
        job.cancel()
        with fails(sqlstate="57014"):
            job.result()


@contextmanager
def ends(cluster: Cluster, pid: int, mark: Path, message: str | None, unwinds: bool = True) -> Iterator[None]:
    """Expects the end of a backend with a FATAL message (read in the log: the client may see the socket close only),
    by its own exit, after the tied object is gone, and what was in the frames too if the stack `unwinds`.
    """
    backend = identify(pid)
    assert backend is not None
    position = cluster.server.log_size()
    with pytest.raises(psycopg2.OperationalError):
        yield
    wait_until(lambda: not backend.alive(), what="the end of the backend")
    log = cluster.server.log_since(position)
    told = [line for line in log.splitlines() if f"[{pid}]" in line and "FATAL" in line]
    assert [line.split(": ", 2)[2] for line in told] == ([message] if message else [])
    assert "terminated by signal" not in log
    assert marks(mark) == 1
    assert marks(mark.with_name(f"{mark.name}.frame")) == unwinds


_TERMINATED = "terminating connection due to administrator command"


def test_terminate(cluster: Cluster, session: Database, mark: Path) -> None:
    with waiting(cluster, session, mark) as job, ends(cluster, job.pid, mark, _TERMINATED):
        job.terminate()
        job.result()


def test_termination_of_a_wait_for_two_sockets(cluster: Cluster, session: Database, mark: Path) -> None:
    with session.in_background(WAIT_FOR_TWO, None, None, str(mark), READABLE, None, None) as job:
        wait_until_waiting(cluster, job.pid)
        with ends(cluster, job.pid, mark, _TERMINATED):
            job.terminate()
            job.result()


def test_terminate_beats_cancel(cluster: Cluster, session: Database, mark: Path) -> None:
    with waiting(cluster, session, mark) as job, ends(cluster, job.pid, mark, _TERMINATED):
        os.kill(job.pid, signal.SIGSTOP)
        job.cancel()
        job.terminate()
        os.kill(job.pid, signal.SIGCONT)
        job.result()


def test_client_lost(cluster: Cluster, session: Database, mark: Path) -> None:
    """Found out by client_connection_check_interval; C++ is left in good order before the session ends."""
    query = f"SET client_connection_check_interval = '10ms'; SELECT boundary_wait(NULL, '{mark}', 1, NULL, NULL)"
    client = subprocess.Popen(
        [cluster.server.program("psql"), "-X", "-q", "-c", query], env=cluster.server.client_environment(session.name)
    )
    try:
        backends = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Extension' AND query LIKE 'SET client%'"
        wait_until(lambda: len(session.rows(backends)) == 1, what="a backend to wait")
        pid = session.value(backends)
        with ends(cluster, pid, mark, "connection to client lost"):
            client.kill()
            raise psycopg2.OperationalError("what the killed client would have seen")
    finally:
        client.kill()
        client.wait()


def test_fatal_without_unwinding(cluster: Cluster, session: Database, mark: Path) -> None:
    """C++ frames stay as they are, but what is tied goes with the transaction."""
    with ends(cluster, session.pid, mark, "the end", unwinds=False):
        session.execute("SELECT boundary_fatal(%s)", str(mark))


def test_fast_shutdown(cluster: Cluster, shared: Database, mark: Path) -> None:
    session = shared.another()
    with waiting(cluster, session, mark) as job, ends(cluster, job.pid, mark, _TERMINATED):
        cluster.server.stop()
        job.result()
    cluster.server.start()


def test_postmaster_dies(cluster: Cluster, shared: Database, mark: Path) -> None:
    """The backend leaves by itself, in good order."""
    session = shared.another()
    with waiting(cluster, session, mark) as job, ends(cluster, job.pid, mark, None, unwinds=False):
        os.kill(cluster.server.pid, signal.SIGKILL)
        job.result()
    cluster.server.restart()
