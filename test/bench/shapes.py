"""The remote tables of the benchmarks, in the SQL of each remote database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """`definition` and `value`, an expression of the row number `seq`; `other` has both where a dialect differs."""

    definition: str
    value: str
    other: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def definition_for(self, dialect: str) -> str:
        return self.other.get(dialect, (self.definition, self.value))[0]

    def value_for(self, dialect: str) -> str:
        return self.other.get(dialect, (self.definition, self.value))[1]


@dataclass(frozen=True)
class Shape:
    """A table. Its first column is its key."""

    name: str
    rows: int
    columns: Sequence[Column]

    @property
    def key(self) -> str:
        return self.columns[0].definition.split()[0]

    def definitions(self, dialect: str) -> str:
        return ", ".join(column.definition_for(dialect) for column in self.columns)

    def values(self, dialect: str) -> str:
        return ", ".join(column.value_for(dialect) for column in self.columns)


_KEY = Column("id bigint NOT NULL PRIMARY KEY", "seq")


def mixed(rows: int, name: str = "mixed") -> Shape:
    """Eleven columns of the usual types, some NULLs."""
    cities = "CASE seq % 4 WHEN 0 THEN 'Zürich' WHEN 1 THEN 'A Coruña' WHEN 2 THEN 'Łódź' ELSE 'Springfield' END"
    unicode_cities = cities.replace("THEN '", "THEN N'").replace("ELSE '", "ELSE N'")
    return Shape(
        name,
        rows,
        [
            _KEY,
            Column("quantity int NOT NULL", "seq % 100000 * 7919 % 100000"),
            Column(
                "customer varchar(60) NOT NULL",
                "concat('Customer number ', seq, ' é')",
                {"sqlserver": ("customer nvarchar(60) NOT NULL", "concat(N'Customer number ', seq, N' é')")},
            ),
            Column(
                "city varchar(40)",
                f"CASE WHEN seq % 5 > 0 THEN {cities} END",
                {"sqlserver": ("city nvarchar(40)", f"CASE WHEN seq % 5 > 0 THEN {unicode_cities} END")},
            ),
            Column(
                "note varchar(200)",
                "CASE WHEN seq % 3 > 0 THEN repeat('lorem ipsum ', seq % 6) END",
                {
                    "sqlserver": ("note varchar(200)", "CASE WHEN seq % 3 > 0 THEN replicate('lorem ipsum ', seq % 6) END"),
                    "hive": ("note varchar(200)", "CASE WHEN seq % 3 > 0 THEN repeat('lorem ipsum ', cast(seq % 6 as int)) END"),
                },
            ),
            Column("rating smallint", "CASE WHEN seq % 11 > 0 THEN seq % 1000 - 500 END"),
            Column("price decimal(12,2) NOT NULL", "seq * 37 % 10000000 / 100.0"),
            Column("ratio double precision", "seq / 7.0", {"sqlserver": ("ratio float", "seq / CAST(7 AS float)")}),
            Column(
                "day date NOT NULL",
                "'2000-01-01' + INTERVAL (seq % 9000) DAY",
                {
                    "postgres": ("day date NOT NULL", "date '2000-01-01' + seq % 9000"),
                    "sqlserver": ("day date NOT NULL", "dateadd(day, CAST(seq % 9000 AS int), CAST('2000-01-01' AS date))"),
                    "hive": ("day date", "date_add(date '2000-01-01', cast(seq % 9000 as int))"),
                },
            ),
            Column(
                "moment datetime(6) NOT NULL",
                "'2000-01-01' + INTERVAL seq * 654321 MICROSECOND + INTERVAL seq HOUR",
                {
                    "postgres": (
                        "moment timestamp(6) NOT NULL",
                        "timestamp '2000-01-01' + seq * interval '654321 microseconds' + seq * interval '1 hour'",
                    ),
                    "sqlserver": (
                        "moment datetime2(6) NOT NULL",
                        "dateadd(microsecond, CAST(seq * 654321 % 1000000 AS int), dateadd(second, "
                        "CAST(seq * 654321 / 1000000 AS int), dateadd(hour, CAST(seq AS int), CAST('2000-01-01' AS datetime2(6)))))",
                    ),
                    "hive": (
                        "moment timestamp",
                        "cast(concat(date_add(date '2000-01-01', cast(seq % 9000 as int)), ' ', lpad(seq % 24, 2, '0'), ':', "
                        "lpad(seq % 60, 2, '0'), ':07.', lpad(seq * 654321 % 1000000, 6, '0')) as timestamp)",
                    ),
                },
            ),
            Column("flag tinyint NOT NULL", "seq % 2", {"postgres": ("flag smallint NOT NULL", "seq % 2")}),
        ],
    )


def narrow(rows: int) -> Shape:
    """Three integers."""
    return Shape(
        "narrow",
        rows,
        [Column("a int NOT NULL PRIMARY KEY", "seq"), Column("b int", "seq % 1000"), Column("c int", "seq * 3 % 77777")],
    )


def wide(rows: int) -> Shape:
    """A hundred columns."""
    kinds = [
        ("int", "seq + {i}"),
        ("varchar(30)", "concat('word ', seq % ({i} + 7))"),
        ("double precision", "seq / ({i} + 1.0)"),
        ("decimal(10,2)", "(seq + {i}) % 1000000 / 100.0"),
    ]
    columns = [_KEY]
    for i in range(99):
        kind, value = kinds[i % len(kinds)]
        value = value.format(i=i)
        there = (f"c{i} {kind.replace('double precision', 'float')}", value)
        columns.append(Column(f"c{i} {kind}", value, {"sqlserver": there}))
    return Shape("wide", rows, columns)


def fat(rows: int) -> Shape:
    """Texts of 10 kB, of which half compress badly."""
    easy = "repeat(md5(concat(seq)), 313)"
    # PostgreSQL takes at most 100 arguments.
    parts = [", ".join(f"md5(concat(seq, ' ', {i}))" for i in range(start, min(start + 80, 313))) for start in range(0, 313, 80)]
    hard = "concat(" + ", ".join(f"concat({part})" for part in parts) + ")"
    word = "CAST(newid() AS varchar(max))"
    there = f"CASE WHEN seq % 2 = 0 THEN replicate({word}, 278) ELSE {' + '.join([word] * 278)} END"
    body = Column(
        "body text NOT NULL",
        f"CASE WHEN seq % 2 = 0 THEN {easy} ELSE {hard} END",
        {
            "sqlserver": ("body varchar(max) NOT NULL", there),
            "hive": ("body string", f"CASE WHEN seq % 2 = 0 THEN {easy} ELSE {hard} END"),
        },
    )
    return Shape("fat", rows, [_KEY, body])
