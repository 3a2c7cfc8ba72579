"""The remote tables of the benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from servers.mariadb import MariaDb


@dataclass(frozen=True)
class Shape:
    """A table: columns as (definition, expression of the row number `seq`)."""

    name: str
    rows: int
    columns: Sequence[tuple[str, str]]

    def create(self, server: MariaDb) -> None:
        definitions = ", ".join(definition for definition, _ in self.columns)
        values = ", ".join(value for _, value in self.columns)
        server.sql(
            f"DROP TABLE IF EXISTS {self.name}",
            f"CREATE TABLE {self.name} ({definitions}) CHARACTER SET utf8mb4",
            f"INSERT INTO {self.name} SELECT {values} FROM (SELECT cast(seq AS signed) AS seq FROM seq_1_to_{self.rows}) AS numbers",
            f"ANALYZE TABLE {self.name}",
        )


_KEY = ("id bigint NOT NULL PRIMARY KEY", "seq")


def mixed(rows: int, name: str = "mixed") -> Shape:
    """Eleven columns of the usual types, some NULLs."""
    return Shape(
        name,
        rows,
        [
            _KEY,
            ("quantity int NOT NULL", "seq * 7919 % 100000"),
            ("customer varchar(60) NOT NULL", "concat('Customer number ', seq, ' é')"),
            ("city varchar(40)", "if(seq % 5 = 0, NULL, elt(1 + seq % 4, 'Zürich', 'A Coruña', 'Łódź', 'Springfield'))"),
            ("note varchar(200)", "if(seq % 3 = 0, NULL, repeat('lorem ipsum ', seq % 6))"),
            ("rating smallint", "if(seq % 11 = 0, NULL, seq % 1000 - 500)"),
            ("price decimal(12,2) NOT NULL", "seq * 37 % 10000000 / 100"),
            ("ratio double", "seq / 7"),
            ("day date NOT NULL", "'2000-01-01' + INTERVAL (seq % 9000) DAY"),
            ("moment datetime(6) NOT NULL", "'2000-01-01' + INTERVAL seq * 654321 MICROSECOND + INTERVAL seq HOUR"),
            ("flag tinyint NOT NULL", "seq % 2"),
        ],
    )


def narrow(rows: int) -> Shape:
    """Three integers."""
    return Shape("narrow", rows, [("a int NOT NULL PRIMARY KEY", "seq"), ("b int", "seq % 1000"), ("c int", "seq * 3 % 77777")])


def wide(rows: int) -> Shape:
    """A hundred columns."""
    kinds = [
        ("int", "seq + {i}"),
        ("varchar(30)", "concat('word ', seq % ({i} + 7))"),
        ("double", "seq / ({i} + 1)"),
        ("decimal(10,2)", "(seq + {i}) % 1000000 / 100"),
    ]
    columns = [_KEY]
    for i in range(99):
        kind, value = kinds[i % len(kinds)]
        columns.append((f"c{i} {kind}", value.format(i=i)))
    return Shape("wide", rows, columns)


def fat(rows: int) -> Shape:
    """Texts of 10 kB that compress badly."""
    text = "repeat(md5(seq), 313)"
    hard = "concat(" + ", ".join(f"md5(seq * 1000 + {i})" for i in range(313)) + ")"
    return Shape("fat", rows, [_KEY, ("body mediumtext NOT NULL", f"if(seq % 2 = 0, {text}, {hard})")])
