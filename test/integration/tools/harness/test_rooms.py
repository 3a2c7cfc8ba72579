"""The check of includes finds what it is there for."""

from __future__ import annotations

from pathlib import Path

from runner.rooms import circles, read_includes, upward


def _includes(folder: Path, files: dict[str, str]) -> dict[str, list[str]]:
    for name, header in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#include "{header}"\n' if header else "")
    return read_includes(folder)


def test_includes_that_run_down(tmp_path: Path) -> None:
    files = {"api/a.cpp": "jobs/b.hpp", "jobs/b.hpp": "core/base/c.hpp", "core/base/c.hpp": "", "core/base/c.cpp": "core/base/c.hpp"}
    includes = _includes(tmp_path, files)
    assert list(upward(includes)) == []
    assert list(circles(includes)) == []


def test_an_include_that_runs_up(tmp_path: Path) -> None:
    includes = _includes(tmp_path, {"core/base/c.hpp": "jobs/b.hpp", "jobs/b.hpp": ""})
    assert list(upward(includes)) == ["src/core/base/c.hpp includes jobs/b.hpp, which is above it"]


def test_rooms_of_one_storey(tmp_path: Path) -> None:
    includes = _includes(tmp_path, {"load/swap/a.hpp": "load/merge/b.hpp", "load/merge/b.hpp": ""})
    assert list(upward(includes)) == ["src/load/swap/a.hpp includes load/merge/b.hpp, which is beside it"]


def test_drivers_do_not_know_each_other(tmp_path: Path) -> None:
    files = {"drivers/mysql/a.cpp": "drivers/hive/b.hpp", "drivers/hive/b.hpp": "", "reader/providers.cpp": "drivers/hive/b.hpp"}
    includes = _includes(tmp_path, files)
    assert list(upward(includes)) == ["src/drivers/mysql/a.cpp includes drivers/hive/b.hpp, which is beside it"]


def test_a_file_in_no_room(tmp_path: Path) -> None:
    includes = _includes(tmp_path, {"attic/a.cpp": ""})
    assert list(upward(includes)) == ["src/attic/a.cpp is in no room: see test/runner/rooms.py"]


def test_a_circle(tmp_path: Path) -> None:
    """A header and its source count as one file."""
    includes = _includes(tmp_path, {"jobs/a.hpp": "", "jobs/a.cpp": "jobs/b.hpp", "jobs/b.hpp": "jobs/c.hpp", "jobs/c.hpp": "jobs/a.hpp"})
    assert list(circles(includes)) == ["a circle of includes: jobs/a, jobs/b, jobs/c"]
