"""The page and its files: compiled into the program, kept by browsers, never of two builds, under a strict policy."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from harness.http_client import Answer, HttpClient
from harness.raw_http import RawConnection

from servers.http import HttpServer
from servers.staging import ROOT

FOLDER = ROOT / "src" / "http" / "page" / "files"
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


def get(server: HttpServer, path: str, tag: str | None = None, method: str = "GET") -> Answer:
    return HttpClient(server).request(method, path, headers={"If-None-Match": tag} if tag is not None else {})


@pytest.fixture
def digest(api: HttpServer) -> str:
    """The part of the path that tells one build's files from another's."""
    found = set(re.findall(r'"page/([^/"]+)/', get(api, "/").body.decode()))
    assert len(found) == 1
    return str(found.pop())


def test_the_page(api: HttpServer, digest: str) -> None:
    answer = get(api, "/")
    assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.body.decode() == (FOLDER / "index.html").read_text().replace("page/@hash@/", f"page/{digest}/")
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert all(rule.endswith("=()") for rule in answer.headers["Permissions-Policy"].split(", "))
    assert "Set-Cookie" not in answer.headers


def test_nothing_of_it_is_inline_or_from_elsewhere() -> None:
    text = (FOLDER / "index.html").read_text()
    assert re.search(r"<style|\bstyle=|\bon\w+=|https?:|//", text) is None
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_all_files(api: HttpServer, digest: str) -> None:
    """Each file of the folder, byte by byte; the digest is of their names and contents."""
    paths = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    assert {path.suffix for path in paths} == set(MEDIA_TYPES)
    for path in paths:
        if path.name == "index.html":
            continue
        answer = get(api, f"/page/{digest}/{path.relative_to(FOLDER)}")
        assert answer.status == 200 and answer.body == path.read_bytes(), path
        assert answer.headers["Content-Type"] == f"{MEDIA_TYPES[path.suffix]}; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    names = sorted((str(path.relative_to(FOLDER)) for path in paths), key=str.encode)
    lines = "".join(f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    assert hashlib.sha256(lines.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize("name", ["", "main.js"])
def test_what_a_browser_has_is_not_sent_again(api: HttpServer, digest: str, name: str) -> None:
    path = f"/page/{digest}/{name}" if name else "/"
    whole = get(api, path)
    tag = whole.headers["ETag"]
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = get(api, path, given)
        assert answer.status == 304 and answer.body == b""
        # A browser takes the headers of this answer for those that it kept.
        kept = set(whole.headers) - {"Content-Length", "Content-Type", "Date"}
        assert {header: answer.headers[header] for header in kept} == {header: whole.headers[header] for header in kept}
    for given in ('"x"', tag.strip('"'), f'"x{tag}'):
        assert get(api, path, given).body == whole.body
    head = get(api, path, method="HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == str(len(whole.body))


def test_files_of_other_builds_are_not_there(api: HttpServer, digest: str) -> None:
    other = "0" * 16
    for path in (
        f"/page/{other}/main.js",
        f"/page/{digest[:-1]}/main.js",
        f"/page/{digest.upper()}x/main.js",
        f"/page/{digest}/index.html",
        f"/page/{digest}/nothing.js",
        f"/page/{digest}/base/nothing.js",
        f"/page/{digest}/base%2Fdom.js",
        f"/page/{digest}/a/b/c.js",
        f"/page/{digest}",
        "/page",
        "/index.html",
        "/main.js",
    ):
        answer = get(api, path)
        assert answer.status == 404 and answer.body == b"", path
        assert answer.headers["Cache-Control"] == "no-store", path
    assert get(api, f"/page/{other}/main.js", "*").status == 404


def test_it_is_one_page_for_all(api: HttpServer, digest: str) -> None:
    for user in ("/user/alice", "/u/alice"):
        assert get(api, f"{user}/").status == get(api, user).status == 404
        assert get(api, f"{user}/page/{digest}/main.js").status == 404


def test_other_methods(api: HttpServer) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        with RawConnection(api) as connection:
            answer = connection.send(f"{method} / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").answer()
            assert answer.status == 405 and answer.names["allow"] == "GET, HEAD"


def test_the_contract_is_of_the_api_alone(api: HttpServer) -> None:
    paths = get(api, "/openapi.json").json["paths"]
    assert "/api/v1/session" in paths
    assert not [path for path in paths if path == "/" or path.startswith("/page")]


def embedded(folder: Path, *names: str) -> str | None:
    """What the build makes of these files; None where it refuses."""
    done = subprocess.run([FOLDER.parent / "embed-files", folder, *names], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def test_the_table_follows_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_bytes(bytes(range(256)) + b"0?\\")
    (tmp_path / "b.css").write_bytes(b"")
    both = embedded(tmp_path, "b.css", "a.js")
    assert both is not None and embedded(tmp_path, "a.js", "b.css") == both
    escapes = re.findall(r"\\([0-7]{3})", both)
    assert bytes(int(octal, 8) for octal in escapes) == (tmp_path / "a.js").read_bytes()
    hashes = {re.findall(r'return "([0-9a-f]{16})"', both)[0]}
    for change in (lambda: (tmp_path / "b.css").write_text(" "), lambda: (tmp_path / "b.css").rename(tmp_path / "c.css")):
        change()
        names = sorted(path.name for path in tmp_path.iterdir())
        hashes.add(re.findall(r'return "([0-9a-f]{16})"', embedded(tmp_path, *names) or "")[0])
    assert len(hashes) == 3


@pytest.mark.parametrize("name", ["A.js", "a b.js", "a$.js", "a.png", "a", "x/y/z.js", "nothing.js", "../files/a.js"])
def test_files_that_the_page_cannot_have(tmp_path: Path, name: str) -> None:
    if name not in ("nothing.js", "../files/a.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert embedded(tmp_path, name) is None
