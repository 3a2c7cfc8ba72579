"""The TDS test server against the server that CONNECTOR_TEST_SQLSERVER=host:port:user:password names, byte by byte.

Both get the same table and the same value; what they send for it must be equal. What may differ, and does between
SQL Server and Babelfish: the size that a decimal is declared and sent with (the number may not differ), whether a PLP value
tells its length first, and the declared length of what is in a sql_variant.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

import pytest
from harness.tds_client import TdsClient

from servers.tds import login
from servers.tds.server import DATABASE, PASSWORD, USER, TdsServer

ADDRESS = os.environ.get("CONNECTOR_TEST_SQLSERVER", "")
if not ADDRESS:
    pytest.skip("CONNECTOR_TEST_SQLSERVER names no server", allow_module_level=True)

_VALUES = [
    ("bit", "1"),
    ("bit", "0"),
    ("tinyint", "255"),
    ("smallint", "-32768"),
    ("int", "-2147483648"),
    ("bigint", "9223372036854775807"),
    ("bigint", "-9223372036854775808"),
    ("real", "1.5"),
    ("real", "-3.4e38"),
    ("float", "1.7976931348623157e308"),
    ("float", "-2.2250738585072014e-308"),
    ("decimal(9,2)", "-1234567.89"),
    ("decimal(19,4)", "123456789012345.6789"),
    ("decimal(28,0)", "1234567890123456789012345678"),
    ("decimal(38,10)", "-1234567890123456789012345678.0123456789"),
    ("decimal(38,0)", "99999999999999999999999999999999999999"),
    ("numeric(18,0)", "5"),
    ("money", "-922337203685477.5808"),
    ("money", "922337203685477.5807"),
    ("money", "12.3456"),
    ("smallmoney", "-214748.3648"),
    ("date", "'0001-01-01'"),
    ("date", "'9999-12-31'"),
    *[(f"time({scale})", f"'23:59:59{'.123456'[: scale + 1] if scale else ''}'") for scale in range(7)],
    ("time(7)", "'23:59:59.123456'"),
    ("datetime", "'1753-01-01T00:00:00.000'"),
    ("datetime", "'9999-12-31T23:59:59.997'"),
    ("datetime", "'2024-02-29T12:34:56.003'"),
    ("datetime", "'2024-02-29T12:34:56.789'"),
    ("smalldatetime", "'2079-06-06T23:59:00'"),
    ("smalldatetime", "'2024-02-29T12:34:31'"),
    *[(f"datetime2({scale})", f"'2024-02-29T12:34:56{'.123456'[: scale + 1] if scale else ''}'") for scale in range(7)],
    ("datetime2(7)", "'0001-01-01T00:00:00'"),
    ("datetime2(7)", "'9999-12-31T23:59:59.999999'"),
    ("datetimeoffset(0)", "'2024-02-29T12:34:56+05:30'"),
    ("datetimeoffset(7)", "'2024-02-29T23:34:56.123456-08:00'"),
    ("uniqueidentifier", "'6F9619FF-8B86-D011-B42D-00C04FC964FF'"),
    ("char(5)", "'ab'"),
    ("varchar(10)", "'café'"),
    ("varchar(10)", "''"),
    ("varchar(max)", "'long'"),
    ("nchar(4)", "N'ж'"),
    ("nvarchar(10)", "N'ж😀'"),
    ("nvarchar(max)", "N'ж😀'"),
    ("nvarchar(max)", "N''"),
    ("text", "'text é'"),
    ("ntext", "N'ntext ж'"),
    ("binary(4)", "0x0102"),
    ("varbinary(4)", "0x"),
    ("varbinary(4)", "0xDEADBEEF"),
    ("varbinary(max)", "0xDEADBEEF"),
    ("image", "0xCAFE"),
    ("xml", "N'<a b=\"ж\">x</a>'"),
    ("sql_variant", "CAST(5 AS int)"),
    ("sql_variant", "CAST(5 AS bigint)"),
    ("sql_variant", "CAST(5 AS tinyint)"),
    ("sql_variant", "CAST(1.5 AS float)"),
    ("sql_variant", "CAST(1.5 AS real)"),
    ("sql_variant", "CAST('abc' AS varchar(10))"),
    ("sql_variant", "CAST(N'ж' AS nvarchar(10))"),
    ("sql_variant", "CAST('2024-02-29' AS date)"),
    ("sql_variant", "CAST('2024-02-29T12:34:56' AS datetime)"),
    ("sql_variant", "CAST('2024-02-29T12:34:56' AS datetime2(7))"),
    ("sql_variant", "CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)"),
    ("sql_variant", "CAST(0x0102 AS varbinary(8))"),
    ("sql_variant", "CAST(1.5 AS money)"),
    ("sql_variant", "CAST(1 AS bit)"),
]
_TABLE = "dbo.tds_bytes"


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[TdsClient, TdsClient]]:
    host, port, user, password = ADDRESS.split(":", 3)
    with (
        TdsServer() as server,
        TdsClient("127.0.0.1", server.port, USER, PASSWORD, DATABASE) as ours,
        TdsClient(host, int(port), user, password, "master") as real,
    ):
        yield ours, real


def answer(client: TdsClient, kind: str, value: str) -> tuple[bytes, bytes]:
    """TYPE_INFO and what stands behind the column's name, of SELECT over a table with one column."""
    client.batch(f"IF OBJECT_ID('{_TABLE}') IS NOT NULL DROP TABLE {_TABLE}")
    for text in (f"CREATE TABLE {_TABLE} (v {kind} NULL)", f"INSERT INTO {_TABLE} VALUES ({value})"):
        assert client.batch(text)[0] == 0xFD, text
    data = client.batch(f"SELECT v FROM {_TABLE}")
    client.batch(f"DROP TABLE {_TABLE}")
    assert data[:7] == b"\x81\1\0" + bytes(4)
    head, _, tail = data.partition(b"\1v\0")
    return head[7:], tail


def without_liberties(kind: str, info: bytes, data: bytes) -> tuple[object, ...]:
    """The same for every server that is right."""
    if kind.startswith(("decimal", "numeric")):
        size = data[1]
        return info[:2], info[4:6], data[2], int.from_bytes(data[3 : 2 + size], "little"), data[2 + size :]
    if kind == "xml":
        return info, data[9:]
    if kind == "ntext":  # declared with 2^31 - 1 or 2^31 - 2 bytes
        return info[:3], info[7:], data
    if kind == "sql_variant" and data[6] > 0 and data[5] in (0xA5, 0xA7, 0xE7):
        end = 7 + data[6]
        return info, data[: end - 2], data[end:]
    return info, data


@pytest.mark.parametrize(("kind", "value"), _VALUES, ids=lambda text: text.encode("ascii", "backslashreplace").decode())
def test_values(clients: tuple[TdsClient, TdsClient], kind: str, value: str) -> None:
    ours, real = (without_liberties(kind, *answer(client, kind, value)) for client in clients)
    assert ours == real


def test_login_collation(clients: tuple[TdsClient, TdsClient]) -> None:
    """ENVCHANGE of the collation, and LOGINACK with its interface and version."""
    change = b"\xe3\x08\x00\x07\x05"
    ours, real = (client.login_response for client in clients)
    assert change in ours
    assert change in real
    ack = b"\1" + struct.pack(">I", login.TDS_74) + b"\x14" + "Microsoft SQL Server".encode("utf-16-le")[:40]
    assert ack in ours
    assert ack in real


def test_attention(clients: tuple[TdsClient, TdsClient]) -> None:
    """An attention behind the end of a response: DONE with the bit of the attention, and nothing else."""
    for client in clients:
        client.batch("SELECT 1")
        data = client.send(6, b"")
        assert (data[0], struct.unpack_from("<H", data, 1)[0] & 0x20, len(data)) == (0xFD, 0x20, 13)


@pytest.mark.parametrize("text", ["SELECT 1/0", "RAISERROR('mine', 16, 3)"])
def test_errors(clients: tuple[TdsClient, TdsClient], text: str) -> None:
    """Number and class of an error, and the DONE behind it."""
    ours, real = (client.batch(text) for client in clients)
    found = []
    for data in (ours, real):
        start = data.index(b"\xaa")
        number, _, severity = struct.unpack_from("<iBB", data, start + 3)
        done = struct.unpack_from("<H", data, len(data) - 12)[0]
        found.append((number, severity, data[-13], done & 0x02))
    assert found[0] == found[1]
