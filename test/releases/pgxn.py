"""The rules of the PGXN Meta Spec 1.0.0 for META.json, those that apply to what ours says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# https://pgxn.org/spec/, chapters "Required Fields", "Optional Fields" and "Serialization".
_REQUIRED = ("name", "version", "abstract", "maintainer", "license", "provides", "meta-spec")
_OPTIONAL = ("description", "generated_by", "tags", "no_index", "prereqs", "release_status", "resources")
_LICENSES = {
    *("agpl_3", "apache_1_1", "apache_2_0", "artistic_1", "artistic_2", "bsd", "freebsd", "gfdl_1_2", "gfdl_1_3"),
    *("gpl_1", "gpl_2", "gpl_3", "lgpl_2_1", "lgpl_3_0", "mit", "mozilla_1_0", "mozilla_1_1", "openssl", "perl_5"),
    *("postgresql", "qpl_1_0", "ssleay", "sun", "zlib", "open_source", "restricted", "unrestricted", "unknown"),
}
_STATUSES = ("stable", "testing", "unstable")
_PHASES = ("configure", "build", "test", "runtime", "develop")
_RELATIONS = ("requires", "recommends", "suggests", "conflicts")
# A term is at least two characters, and has no slash, backslash or control character.
_TERM = re.compile(r"[^/\\\x00-\x1f\x7f]{2,}")
_NUMBER = r"(?:0|[1-9]\d*)"
# A Semantic Version 1.0.0, as PGXN has it.
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-?[A-Za-z][-0-9A-Za-z]*)?")
_RANGE = re.compile(rf"(?:0|(?:(?:>=|<=|==|!=|>|<)\s*)?{_VERSION.pattern})(?:\s*,\s*(?:>=|<=|==|!=|>|<)\s*{_VERSION.pattern})*")


def faults(meta: Mapping[str, Any]) -> list[str]:
    """What a PGXN server would refuse, or a reader misunderstand."""
    return list(_faults(meta))


def _faults(meta: Mapping[str, Any]) -> Iterator[str]:
    for key in _REQUIRED:
        if not meta.get(key):
            yield f"{key} is missing"
    for key in meta:
        if key not in (*_REQUIRED, *_OPTIONAL) and not key.lower().startswith("x_"):
            yield f"{key} is not known"
    if not _TERM.fullmatch(str(meta.get("name", ""))):
        yield "name is no term"
    if not _VERSION.fullmatch(str(meta.get("version", ""))):
        yield "version is no semantic version"
    for maintainer in _list(meta.get("maintainer")):
        if not isinstance(maintainer, str) or not maintainer.strip():
            yield "maintainer is empty"
    license = meta.get("license")
    if not isinstance(license, Mapping):  # else names and addresses of licenses
        yield from (f"license {name} is not known" for name in _list(license) if name not in _LICENSES)
    if meta.get("release_status", "stable") not in _STATUSES:
        yield "release_status is not known"
    spec = meta.get("meta-spec") or {}
    if spec.get("version") != "1.0.0":
        yield "meta-spec has another version"
    if not re.fullmatch(r"https?://pgxn\.org/(?:meta/spec\.txt|spec/?)", spec.get("url", "http://pgxn.org/meta/spec.txt")):
        yield "meta-spec has another address"
    for tag in meta.get("tags", []):
        if not _TERM.fullmatch(tag) or len(tag) > 255:
            yield f"the tag {tag} is no term"
    yield from _provides(meta.get("provides") or {})
    yield from _prereqs(meta.get("prereqs") or {})


def _provides(provides: Mapping[str, Any]) -> Iterator[str]:
    for name, extension in provides.items():
        if not _TERM.fullmatch(name):
            yield f"provides: {name} is no term"
        if not extension.get("file"):
            yield f"provides: {name} has no file"
        if not _VERSION.fullmatch(str(extension.get("version", ""))):
            yield f"provides: {name} has no semantic version"
        yield from (
            f"provides: {name}: {key} is not known"
            for key in extension
            if key not in ("file", "version", "abstract", "docfile") and not key.lower().startswith("x_")
        )


def _prereqs(prereqs: Mapping[str, Any]) -> Iterator[str]:
    for phase, relations in prereqs.items():
        if phase not in _PHASES:
            yield f"prereqs: the phase {phase} is not known"
        for relation, wanted in relations.items():
            if relation not in _RELATIONS:
                yield f"prereqs: the relation {relation} is not known"
            for name, versions in wanted.items():
                if not _TERM.fullmatch(name) or not _RANGE.fullmatch(str(versions)):
                    yield f"prereqs: {name} {versions} is no version of something"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
