import java.io.BufferedWriter;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/** Writes a query's rows as COPY reads them: FetchTsv URL QUERY. */
public class FetchTsv {
    public static void main(String[] arguments) throws Exception {
        try (Connection connection = DriverManager.getConnection(arguments[0], "bench", "x");
                Statement statement = connection.createStatement();
                BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 20)) {
            statement.setFetchSize(10000);
            ResultSet rows = statement.executeQuery(arguments[1]);
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int i = 1; i <= columns; ++i) {
                    if (i > 1) out.write('\t');
                    String value = rows.getString(i);
                    out.write(value == null ? "\\N" : escaped(value));
                }
                out.write('\n');
            }
        }
    }

    private static String escaped(String value) {
        if (value.indexOf('\\') < 0 && value.indexOf('\t') < 0 && value.indexOf('\n') < 0 && value.indexOf('\r') < 0) return value;
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r");
    }
}
