"""T-SQL in tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from ..errors import error, refused


class Kind(Enum):
    WORD = auto()  # a bare identifier or keyword
    NAME = auto()  # [name] or "name"
    TEXT = auto()  # '…'
    NATIONAL = auto()  # N'…'
    NUMBER = auto()
    BINARY = auto()  # 0x…
    VARIABLE = auto()  # @x, @@x
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True)
class Token:
    """`text` is the value: without quotes, and with doubled ones undone. `word` is it in upper case for words."""

    kind: Kind
    text: str
    start: int
    end: int
    line: int
    word: str = ""


_TOKEN = re.compile(
    r"""
    (?P<space>[\s\ufeff]+|--[^\n]*)
  | (?P<comment>/\*)
  | (?P<national>[nN]'(?:[^']|'')*')
  | (?P<text>'(?:[^']|'')*')
  | (?P<bracket>\[(?:[^\]]|\]\])*\])
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<binary>0[xX](?:[0-9a-fA-F]|\\\r?\n)*)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<money>[$£€]\s*[+-]?(?:\d[\d,]*\.?\d*|\.\d+))
  | (?P<variable>@@?[\w$\#@]+)
  | (?P<word>[^\W\d][\w$\#@]*|\#\#?[\w$\#@]+)
  | (?P<symbol><>|!=|<=|>=|!<|!>|::|\+=|-=|\*=|/=|[-+*/%=<>(),.;&|^~:])
    """,
    re.VERBOSE,
)


def tokenize(text: str, *, quoted_identifier: bool = True) -> list[Token]:
    """The tokens of a batch, an END token last."""
    tokens: list[Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            if text[position] in "'\"":
                raise error(105, text[position + 1 : position + 129])
            raise error(102, text[position])
        start, raw, group = position, match[0], match.lastgroup
        position = match.end()
        if group == "comment":
            position = _end_of_comment(text, position)
        elif group != "space":
            tokens.append(_token(group or "", raw, start, position, line, quoted_identifier))
        line += text.count("\n", start, position)
    tokens.append(Token(Kind.END, "", position, position, line))
    return tokens


def _end_of_comment(text: str, position: int) -> int:
    depth = 1  # they nest
    while depth:
        mark = re.compile(r"/\*|\*/").search(text, position)
        if mark is None:
            raise error(102, "/*")
        depth += 1 if mark[0] == "/*" else -1
        position = mark.end()
    return position


def _token(group: str, raw: str, start: int, end: int, line: int, quoted_identifier: bool) -> Token:
    if group == "national":
        return Token(Kind.NATIONAL, _text(raw[2:-1]), start, end, line)
    if group == "text":
        return Token(Kind.TEXT, _text(raw[1:-1]), start, end, line)
    if group == "bracket":
        return Token(Kind.NAME, _name(raw[1:-1].replace("]]", "]")), start, end, line)
    if group == "quoted":
        inner = raw[1:-1].replace('""', '"')
        return (
            Token(Kind.NAME, _name(inner), start, end, line)
            if quoted_identifier
            else Token(Kind.TEXT, inner, start, end, line)
        )
    if group == "binary":
        return Token(Kind.BINARY, re.sub(r"\\\r?\n", "", raw[2:]), start, end, line)
    if group == "number":
        return Token(Kind.NUMBER, raw, start, end, line)
    if group == "money":
        raise refused("literals with a currency sign")
    if group == "variable":
        return Token(Kind.VARIABLE, raw, start, end, line)
    if group == "word":
        return Token(Kind.WORD, _name(raw), start, end, line, raw.upper())
    return Token(Kind.SYMBOL, raw, start, end, line)


def _text(raw: str) -> str:
    """A text constant: a backslash at the end of a line joins it with the next."""
    text = raw.replace("''", "'")
    return re.sub(r"\\\r?\n", "", text) if "\\" in text else text


def _name(text: str) -> str:
    if len(text) > 128:
        raise error(103, text[:128])
    return text
