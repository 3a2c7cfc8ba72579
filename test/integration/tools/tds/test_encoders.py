"""The TDS test server's bytes against bytes worked out by hand from [MS-TDS], [MS-SSCLRT] and their examples."""

from __future__ import annotations

import struct

import pytest

from servers.tds import collations, hierarchy, login, prelogin, spatial, types
from servers.tds.downlevel import for_client
from servers.tds.packets import packets
from servers.tds.prelogin import Encryption
from servers.tds.tokens import Column, Notice, Tokens, env_change, env_change_bytes, routing
from servers.tds.wire_types import encoding, plp


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


def test_packet_header() -> None:
    """[MS-TDS 4.10], an attention: type 6, EOM, eight bytes."""
    assert packets(6, b"") == octets("06 01 0008 0000 01 00")
    whole = packets(4, bytes(600), size=512, spid=0x34)
    assert whole[:8] == octets("04 00 0200 0034 01 00")
    assert whole[512:520] == octets("04 01 0068 0034 02 00")  # 96 bytes are left


def test_select_response() -> None:
    """[MS-TDS 4.7]: the response to SELECT 'foo' AS 'bar'."""
    tokens = Tokens(login.TDS_74, "server")
    column = Column("bar", types.SqlType("varchar", 3), nullable=False)
    data = tokens.columns([column]) + tokens.row_writer([column])(["foo"]) + tokens.done(count=1, command=0xC1)
    expected = "81 0100 00000000 2000 A7 0300 0904D00034 03 6200 6100 7200 D1 0300 666F6F FD 1000 C100 0100000000000000"
    assert data == octets(expected)
    assert packets(4, data) == octets("04 01 0033 0000 01 00 " + expected)


def test_prelogin() -> None:
    """[MS-TDS 4.1]: version 9.0, encryption on, thread 0x0DB8, MARS."""
    options = prelogin.parse(
        octets("00 001A 0006 01 0020 0001 02 0021 0001 03 0022 0004 04 0026 0001 FF09 00 0000 0000 01 00 B80D0000 01")
    )
    assert options == {0: octets("090000000000"), 1: b"\1", 2: b"\0", 3: octets("B80D0000"), 4: b"\1"}
    assert prelogin.parse(prelogin.build(options)) == options


@pytest.mark.parametrize(
    ("server", "client", "said"),
    [
        (Encryption.OFF, Encryption.OFF, Encryption.OFF),
        (Encryption.OFF, Encryption.ON, Encryption.ON),
        (Encryption.OFF, Encryption.NOT_SUPPORTED, Encryption.NOT_SUPPORTED),
        (Encryption.ON, Encryption.OFF, Encryption.REQUIRED),
        (Encryption.ON, Encryption.ON, Encryption.ON),
        (Encryption.ON, Encryption.NOT_SUPPORTED, Encryption.REQUIRED),
        (Encryption.REQUIRED, Encryption.OFF, Encryption.REQUIRED),
        (Encryption.NOT_SUPPORTED, Encryption.ON, Encryption.NOT_SUPPORTED),
        (Encryption.NOT_SUPPORTED, Encryption.NOT_SUPPORTED, Encryption.NOT_SUPPORTED),
    ],
)
def test_negotiation(server: Encryption, client: Encryption, said: Encryption) -> None:
    """[MS-TDS 2.2.6.5], the tables of ENCRYPTION."""
    assert prelogin.negotiate(server, client) is said


def test_password() -> None:
    """[MS-TDS 2.2.6.4]: nibbles swapped, then XOR 0xA5. `a` is 0x61, swapped 0x16, 0xB3."""
    assert login.scramble("a") == octets("B3 A5")
    assert login.unscramble(login.scramble("pässwörd")) == "pässwörd"


def test_versions() -> None:
    assert [
        login.agree_version(asked) for asked in (0x74000004, 0x75000000, 0x730A0003, 0x72090002, 0x71000001, 0x70000000)
    ] == [
        login.TDS_74,
        login.TDS_74,
        login.TDS_73A,
        login.TDS_72,
        login.TDS_71_1,
        login.TDS_70,
    ]
    assert login.agree_version(login.TDS_74, login.TDS_72) == login.TDS_72
    assert (login.acknowledged(login.TDS_70), login.acknowledged(login.TDS_74)) == (0x07000000, 0x74000004)


@pytest.mark.parametrize(
    ("name", "wire", "codec"),
    [
        ("SQL_Latin1_General_CP1_CI_AS", "09 04 D0 00 34", "cp1252"),
        ("Latin1_General_CI_AS", "09 04 D0 00 00", "cp1252"),
        ("Latin1_General_CS_AS", "09 04 C0 00 00", "cp1252"),
        ("Latin1_General_CI_AI", "09 04 F0 00 00", "cp1252"),
        ("Latin1_General_BIN", "09 04 00 01 00", "cp1252"),
        ("Latin1_General_100_BIN2", "09 04 00 22 00", "cp1252"),
        ("Latin1_General_100_CI_AS_SC_UTF8", "09 04 D0 24 00", "utf-8"),
        ("Cyrillic_General_CI_AS", "19 04 D0 00 00", "cp1251"),
        ("Japanese_CI_AS", "11 04 D0 00 00", "cp932"),
        ("Japanese_XJIS_100_CI_AS_KS_WS", "11 04 10 20 00", "cp932"),
    ],
)
def test_collations(name: str, wire: str, codec: str) -> None:
    """[MS-TDS 2.2.5.1.2]: 20 bits of LCID, flags from bit 20, version from bit 28, sort id."""
    found = collations.collation(name)
    assert (found.wire, found.codec) == (octets(wire), codec)


@pytest.mark.parametrize(
    ("kind", "value", "info", "data"),
    [
        ("bit", 1, "68 01", "01 01"),
        ("tinyint", 255, "26 01", "01 FF"),
        ("smallint", -2, "26 02", "02 FEFF"),
        ("int", -2, "26 04", "04 FEFFFFFF"),
        ("bigint", 1 << 40, "26 08", "08 0000000000010000"),
        ("real", -1.5, "6D 04", "04 0000C0BF"),
        ("float", 1.0, "6D 08", "08 000000000000F03F"),
        ("decimal(9,2)", "-1.00", "6A 05 09 02", "05 00 64000000"),
        ("numeric(10,0)", "1", "6C 09 0A 00", "09 01 0100000000000000"),
        ("decimal(38,0)", "9" * 38, "6A 11 26 00", "11 01 FFFFFFFF3F228A097AC4865AA84C3B4B"),
        ("money", "1.0000", "6E 08", "08 00000000 10270000"),
        ("money", "-0.0001", "6E 08", "08 FFFFFFFF FFFFFFFF"),
        ("money", "429496.7296", "6E 08", "08 01000000 00000000"),
        ("smallmoney", "-1.0000", "6E 04", "04 F0D8FFFF"),
        ("datetime", "1900-01-02 00:00:01.000", "6F 08", "08 01000000 2C010000"),
        ("datetime", "1753-01-01 00:00:00.003", "6F 08", "08 462EFFFF 01000000"),
        ("datetime", "1900-01-01 23:59:59.997", "6F 08", "08 00000000 FF818B01"),
        ("smalldatetime", "1900-01-02 01:01:00", "6F 04", "04 0100 3D00"),
        ("date", "0001-01-02", "28", "03 010000"),
        ("date", "9999-12-31", "28", "03 DAB937"),
        ("time(0)", "00:01:00", "29 00", "03 3C0000"),
        ("time(3)", "00:00:01.000", "29 03", "04 E8030000"),
        ("time(7)", "23:59:59.9999999", "29 07", "05 FFBF692AC9"),
        ("datetime2(0)", "0001-01-02 00:00:01", "2A 00", "06 010000 010000"),
        ("datetime2(7)", "0001-01-01 00:00:00.0000001", "2A 07", "08 0100000000 000000"),
        ("datetimeoffset(0)", "0001-01-02 00:00:00 +01:30", "2B 00", "08 000000 010000 5A00"),
        ("datetimeoffset(0)", "0001-01-02 00:00:00 -01:00", "2B 00", "08 000000 010000 C4FF"),
        ("uniqueidentifier", "00112233-4455-6677-8899-AABBCCDDEEFF", "24 10", "10 33221100 5544 7766 8899AABBCCDDEEFF"),
        ("char(3)", "ab ", "AF 0300 0904D00034", "0300 616220"),
        ("varchar(3)", "é", "A7 0300 0904D00034", "0100 E9"),
        ("varchar(3)|Cyrillic_General_CI_AS", "ж", "A7 0300 1904D00000", "0100 E6"),
        ("varchar(3)|Japanese_CI_AS", "日", "A7 0300 1104D00000", "0200 93FA"),
        ("varchar(4)|Latin1_General_100_CI_AS_SC_UTF8", "日", "A7 0400 0904D02400", "0300 E697A5"),
        ("nchar(2)", "ab", "EF 0400 0904D00034", "0400 61006200"),
        ("nvarchar(2)", "😀", "E7 0400 0904D00034", "0400 3DD800DE"),
        ("binary(2)", b"\1\2", "AD 0200", "0200 0102"),
        ("varbinary(2)", b"", "A5 0200", "0000"),
        ("timestamp", bytes(7) + b"\1", "AD 0800", "0800 0000000000000001"),
        ("varchar(max)", "ab", "A7 FFFF 0904D00034", "0200000000000000 02000000 6162 00000000"),
        ("nvarchar(max)", "", "E7 FFFF 0904D00034", "0000000000000000 00000000"),
        ("varbinary(max)", b"\xca", "A5 FFFF", "0100000000000000 01000000 CA 00000000"),
        ("xml", "<a/>", "F1 00", "FEFFFFFFFFFFFFFF 08000000 3C0061002F003E00 00000000"),
        ("sql_variant", '{"type": "int", "value": 5}', "62 491F0000", "06000000 38 00 05000000"),
        (
            "sql_variant",
            '{"type": "nvarchar(2)", "value": "a"}',
            "62 491F0000",
            "0B000000 E7 07 0904D00034 0400 6100",
        ),
        ("sql_variant", '{"type": "decimal(9,2)", "value": "1.00"}', "62 491F0000", "09000000 6A 02 09 02 01 64000000"),
        ("sql_variant", '{"type": "time(0)", "value": "00:01:00"}', "62 491F0000", "06000000 29 01 00 3C0000"),
    ],
)
def test_types(kind: str, value: object, info: str, data: str) -> None:
    """[MS-TDS 2.2.5.4 to 2.2.5.6]: TYPE_INFO and value of a nullable column."""
    made = encoding(types.parse(kind))
    assert made.type_info == octets(info)
    assert made.value(value) == octets(data)


@pytest.mark.parametrize(
    ("kind", "null"),
    [
        ("int", "00"),
        ("decimal(9,2)", "00"),
        ("date", "00"),
        ("varchar(3)", "FFFF"),
        ("varchar(max)", "FF" * 8),
        ("text", "00"),
    ]
    + [
        ("sql_variant", "00000000"),
        ("xml", "FF" * 8),
        ("geometry", "FF" * 8),
        ("uniqueidentifier", "00"),
        ("money", "00"),
    ],
)
def test_nulls(kind: str, null: str) -> None:
    assert encoding(types.parse(kind)).null == octets(null)


@pytest.mark.parametrize(
    ("kind", "value", "info", "data"),
    [
        ("bit", 0, "32", "00"),
        ("tinyint", 1, "30", "01"),
        ("smallint", 1, "34", "0100"),
        ("int", 1, "38", "01000000"),
        ("bigint", 1, "7F", "0100000000000000"),
        ("real", 1.0, "3B", "0000803F"),
        ("float", 1.0, "3E", "000000000000F03F"),
        ("money", "0.0001", "3C", "00000000 01000000"),
        ("smallmoney", "0.0001", "7A", "01000000"),
        ("datetime", "1900-01-01 00:00:00.000", "3D", "00000000 00000000"),
        ("smalldatetime", "1900-01-01 00:00:00", "3A", "0000 0000"),
    ],
)
def test_fixed_length_types(kind: str, value: object, info: str, data: str) -> None:
    """[MS-TDS 2.2.5.4.1]: columns that are NOT NULL have no length."""
    made = encoding(types.parse(kind), nullable=False)
    assert (made.type_info, made.value(value)) == (octets(info), octets(data))


def test_text_pointer() -> None:
    """[MS-TDS 2.2.7.17]: pointer of 16 bytes, timestamp of 8, length, data; and the table's name in COLMETADATA."""
    data = encoding(types.parse("ntext")).value("a")
    assert (data[0], len(data), data[25:]) == (16, 1 + 16 + 8 + 4 + 2, octets("02000000 6100"))
    column = Column("t", types.parse("text"), table=("dbo", "x"), updatable=True)
    new, old = Tokens(login.TDS_72, "").columns([column]), Tokens(login.TDS_71_1, "").columns([column])
    assert new == octets("81 0100 00000000 0900 23 FFFFFF7F 0904D00034 02 0300 640062006F00 0100 7800 01 7400")
    assert old == octets("81 0100 0000 0900 23 FFFFFF7F 0904D00034 0500 640062006F002E007800 01 7400")


def test_plp_chunks() -> None:
    data = plp(bytes(20_000))
    assert data[:8] == struct.pack("<Q", 20_000)
    position, sizes = 8, []
    while size := struct.unpack_from("<I", data, position)[0]:
        sizes.append(size)
        position += 4 + size
    assert (sum(sizes), position + 4) == (20_000, len(data))
    assert len(sizes) > 1


def test_udt() -> None:
    """[MS-TDS 2.2.5.5.2]: largest size, database, schema, type, assembly."""
    info = encoding(types.parse("hierarchyid")).type_info
    assert info.startswith(
        octets("F0 7C03 06") + "master".encode("utf-16-le") + octets("03") + "sys".encode("utf-16-le")
    )
    assert octets("0B") + "hierarchyid".encode("utf-16-le") in info


def test_null_bitmap() -> None:
    """[MS-TDS 2.2.7.13]: bit n for column n, lowest first; before 7.3.B there is none."""
    columns = [Column(name, types.parse("varchar(10)")) for name in "abcdefghi"]
    row = ["x", None, None, None, None, None, None, None, None]
    assert Tokens(login.TDS_74, "").row_writer(columns)(row) == octets("D2 FE01 0100 78")
    assert Tokens(login.TDS_73A, "").row_writer(columns)(row) == octets("D1 0100 78" + "FFFF" * 8)
    assert Tokens(login.TDS_74, "").row_writer(columns[:1])(["x"]) == octets("D1 0100 78")


def test_not_null_columns_have_no_null() -> None:
    with pytest.raises(ValueError, match="NULL"):
        Tokens(login.TDS_74, "").row_writer([Column("a", types.INT, nullable=False)])([None])


def test_messages() -> None:
    """[MS-TDS 2.2.7.10, 2.2.7.12]: number, state, class, text, server, procedure, line."""
    notice = Notice(208, "no", 16, 1, "", 2)
    body = "D0000000 01 10 0200 6E006F00 01 7300 00"
    assert Tokens(login.TDS_74, "s").message(notice) == octets(f"AA 1400 {body} 02000000")
    assert Tokens(login.TDS_71_1, "s").message(notice) == octets(f"AA 1200 {body} 0200")
    assert Tokens(login.TDS_74, "s").message(Notice(0, "no"))[0] == 0xAB


def test_done() -> None:
    assert Tokens(login.TDS_74, "").done(0x20) == octets("FD 2000 0000 0000000000000000")
    assert Tokens(login.TDS_71_1, "").done(count=3) == octets("FD 1000 0000 03000000")


def test_environment_changes() -> None:
    """[MS-TDS 2.2.7.9]."""
    assert env_change(4, "4096", "512") == octets("E3 1100 04 04 3400300039003600 03 350031003200")
    assert env_change_bytes(7, octets("0904D00034")) == octets("E3 0800 07 05 0904D00034 00")
    assert routing("ab", 1433) == octets("E3 0E00 14 0900 00 9905 0200 61006200 0000")


def test_login_ack() -> None:
    """[MS-TDS 2.2.7.14]: the version in network order."""
    data = Tokens(login.TDS_74, "").login_ack("p", (16, 0, 1000))
    assert data == octets("AD 0C00 01 74000004 01 7000 10 00 03E8")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("/", ""),
        ("/1/", "58"),
        ("/1/1/", "5AC0"),
        ("/2/", "68"),
        ("/4/", "84"),
        ("/8/", "A2"),
        ("/1.1/", "62C0"),
        ("/-1/", "3F80"),
        ("/16/", "C110"),
        ("/80/", "E00440"),
    ],
)
def test_hierarchyid(text: str, data: str) -> None:
    """[MS-SSCLRT 2.1.3]: /1/ is 01 01 and a closing 1; /1.1/ is (2) 01 10, an open 0, 01 01 1."""
    assert hierarchy.from_text(text) == octets(data)
    assert hierarchy.to_text(octets(data)) == text


@pytest.mark.parametrize(
    "ordinal", [-281479271682120, -4294971465, -4294971464, -4169, -4168, -73, -72, -9, -8, 0, 3, 7, 15, 79]
)
@pytest.mark.parametrize("above", [0, 1103, 5199, 4294972495, 281479271683150])
def test_hierarchyid_ranges(ordinal: int, above: int) -> None:
    text = f"/{ordinal}/{above}.{ordinal}/"
    assert hierarchy.to_text(hierarchy.from_text(text)) == text


def test_spatial_bytes() -> None:
    """[MS-SSCLRT 2.1.1, 2.1.2]: SRID, version 1, properties (valid, one point), X and Y; geography has latitude first."""
    doubles = struct.pack("<dd", 1, 2)
    value = spatial.from_wkt("POINT (1 2)", 4326)
    assert spatial.write(value, "geometry") == octets("E6100000 01 0C") + doubles
    assert spatial.write(value, "geography") == octets("E6100000 01 0C") + struct.pack("<dd", 2, 1)
    line = spatial.write(spatial.from_wkt("LINESTRING (1 2, 1 2)", 0), "geometry")
    assert line == octets("00000000 01 14") + doubles + doubles
    polygon = spatial.write(spatial.from_wkt("POLYGON ((0 0, 1 0, 1 1, 0 0))", 0), "geometry")
    points = struct.pack("<8d", 0, 0, 1, 0, 1, 1, 0, 0)
    tail = octets("01000000 02 00000000 01000000 FFFFFFFF 00000000 03")
    assert polygon == octets("00000000 01 04 04000000") + points + tail
    with_z = spatial.write(spatial.from_wkt("POINT (1 2 3)", 0), "geometry")
    assert with_z == octets("00000000 01 0D") + struct.pack("<ddd", 1, 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "POINT (1 2)",
        "POINT EMPTY",
        "POINT (1.5 -2.25 3 4)",
        "LINESTRING (0 0, 1 1, 2 0.5)",
        "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
        "MULTIPOINT ((1 2), (3 4))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3, 4 4))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1), POLYGON ((0 0, 1 0, 1 1, 0 0)))",
        "GEOMETRYCOLLECTION EMPTY",
    ],
)
@pytest.mark.parametrize("kind", ["geometry", "geography"])
def test_spatial_round_trips(text: str, kind: str) -> None:
    value = spatial.from_wkt(text, 4326)
    assert spatial.to_wkt(spatial.read(spatial.write(value, kind), kind)) == text
    if text not in ("POINT EMPTY", "POINT (1.5 -2.25 3 4)"):  # WKB has no empty point, and two dimensions
        assert spatial.to_wkt(spatial.from_wkb(spatial.to_wkb(value.shape), 4326)) == text


def test_wkb_with_z_and_m() -> None:
    shape = spatial.from_wkt("POINT (1 2 3 4)", 0).shape
    assert spatial.to_wkb(shape) == octets("01 01000000") + struct.pack("<dd", 1, 2)
    assert spatial.to_wkb(shape, with_zm=True) == octets("01 B90B0000") + struct.pack("<dddd", 1, 2, 3, 4)  # 3001


@pytest.mark.parametrize(
    ("kind", "version", "seen"),
    [
        ("date", login.TDS_72, "nvarchar(10)"),
        ("time(3)", login.TDS_72, "nvarchar(16)"),
        ("datetime2(7)", login.TDS_72, "nvarchar(27)"),
        ("datetimeoffset(7)", login.TDS_72, "nvarchar(34)"),
        ("datetime2(7)", login.TDS_73A, "datetime2(7)"),
        ("varchar(max)", login.TDS_71, "text"),
        ("nvarchar(max)", login.TDS_71, "ntext"),
        ("varbinary(max)", login.TDS_71, "image"),
        ("xml", login.TDS_71, "ntext"),
        ("geometry", login.TDS_71, "image"),
        ("xml", login.TDS_72, "xml"),
        ("bigint", login.TDS_70, "numeric(19,0)"),
        ("sql_variant", login.TDS_70, "nvarchar(4000)"),
    ],
)
def test_older_clients(kind: str, version: int, seen: str) -> None:
    assert str(for_client(types.parse(kind), version).kind) == seen
