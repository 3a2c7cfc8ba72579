// Writes an Access file with what the tests read through mdbtools: WriteAccess PATH.

import com.healthmarketscience.jackcess.ColumnBuilder;
import com.healthmarketscience.jackcess.DataType;
import com.healthmarketscience.jackcess.Database;
import com.healthmarketscience.jackcess.DatabaseBuilder;
import com.healthmarketscience.jackcess.IndexBuilder;
import com.healthmarketscience.jackcess.Table;
import com.healthmarketscience.jackcess.TableBuilder;
import java.io.File;
import java.math.BigDecimal;
import java.time.LocalDateTime;

public class WriteAccess {
  public static void main(String[] arguments) throws Exception {
    try (Database database =
        new DatabaseBuilder(new File(arguments[0])).setFileFormat(Database.FileFormat.V2010).create()) {
      writeTypes(database);
      writeLost(database);
      writeNames(database);
      writeRows(database);
      new TableBuilder("empty").addColumn(column("id", DataType.LONG)).toTable(database);
    }
  }

  private static ColumnBuilder column(String name, DataType type) {
    return new ColumnBuilder(name, type);
  }

  /** Each type: extremes, a plain value, and NULL (Access has no NULL of YesNo). */
  private static void writeTypes(Database database) throws Exception {
    Table table = new TableBuilder("types")
        .addColumn(column("id", DataType.LONG))
        .addColumn(column("yes_no", DataType.BOOLEAN))
        .addColumn(column("small", DataType.BYTE))
        .addColumn(column("short", DataType.INT))
        .addColumn(column("long", DataType.LONG))
        .addColumn(column("money", DataType.MONEY))
        .addColumn(column("single", DataType.FLOAT))
        .addColumn(column("real", DataType.DOUBLE))
        .addColumn(column("moment", DataType.SHORT_DATE_TIME))
        .addColumn(column("word", DataType.TEXT).setLengthInUnits(50))
        .addColumn(column("memo", DataType.MEMO))
        .addColumn(column("number", DataType.NUMERIC).setPrecision(28).setScale(4))
        .addColumn(column("guid", DataType.GUID))
        .addColumn(column("ole", DataType.OLE))
        .addIndex(new IndexBuilder(IndexBuilder.PRIMARY_KEY_NAME).addColumns("id").setPrimaryKey())
        .toTable(database);
    table.addRow(1, true, (byte) 255, Short.MIN_VALUE, Integer.MIN_VALUE, new BigDecimal("-922337203685477.5808"),
        -3.4028235e38f, -1.7976931348623157e308, LocalDateTime.of(1900, 1, 1, 0, 0), "\u00e9 \u65e5\u672c \u0436",
        "first line\r\nsecond \u0436", new BigDecimal("-123456789012345678901234.5678"),
        "{00112233-4455-6677-8899-AABBCCDDEEFF}", new byte[] {0, 10, 0, (byte) 128});
    table.addRow(2, false, (byte) 0, Short.MAX_VALUE, Integer.MAX_VALUE, new BigDecimal("922337203685477.5807"), 1.5f, 0.1,
        LocalDateTime.of(4000, 12, 31, 23, 59, 59), "it's \"so\"", "m".repeat(16000), new BigDecimal("0.0001"),
        "{FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF}", new byte[] {7});
    table.addRow(3, false, null, null, null, null, null, null, null, null, null, null, null, null);
    table.addRow(4, true, (byte) 1, (short) 1, 1, new BigDecimal("1"), 0f, 0.0, LocalDateTime.of(2024, 2, 29, 12, 34, 56), "x",
        "", new BigDecimal("0"), "{00000000-0000-0000-0000-000000000000}", new byte[0]);
  }

  /** What the driver of mdbtools gives otherwise than it is, a column each. */
  private static void writeLost(Database database) throws Exception {
    Table table = new TableBuilder("lost")
        .addColumn(column("id", DataType.LONG))
        .addColumn(column("early", DataType.SHORT_DATE_TIME))
        .addColumn(column("late", DataType.SHORT_DATE_TIME))
        .addColumn(column("emoji", DataType.TEXT))
        .addColumn(column("empty", DataType.TEXT))
        .addColumn(column("long_memo", DataType.MEMO))
        .addColumn(column("bytes", DataType.BINARY).setLength(16))
        .toTable(database);
    table.addRow(1, LocalDateTime.of(1753, 1, 1, 0, 0), LocalDateTime.of(9999, 12, 31, 23, 59, 59), "\ud83d\ude00", "",
        "m".repeat(20000), new byte[] {1, 0, (byte) 255});
  }

  private static void writeNames(Database database) throws Exception {
    Table table = new TableBuilder("odd ' n\u00e4me \u0416")
        .addColumn(column("id", DataType.LONG))
        .addColumn(column("two words", DataType.TEXT))
        .addColumn(column("\u65e5\u672c", DataType.TEXT))
        .toTable(database);
    table.addRow(1, "a", "b");
  }

  private static void writeRows(Database database) throws Exception {
    Table table = new TableBuilder("many")
        .addColumn(column("id", DataType.LONG))
        .addColumn(column("word", DataType.TEXT))
        .toTable(database);
    for (int id = 1; id <= 3000; id++) {
      table.addRow(id, "word " + id);
    }
  }
}
