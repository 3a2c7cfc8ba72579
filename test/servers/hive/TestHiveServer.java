import java.io.BufferedReader;
import java.io.File;
import java.io.FileReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.sasl.AuthenticationException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.conf.HiveConf;
import org.apache.hadoop.hive.ql.exec.UDF;
import org.apache.hadoop.hive.ql.udf.UDFType;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hive.service.Service;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;
import org.apache.hive.service.cli.CLIService;
import org.apache.hive.service.cli.SessionHandle;
import org.apache.hive.service.cli.operation.ExecuteStatementOperation;
import org.apache.hive.service.cli.operation.Operation;
import org.apache.hive.service.cli.session.HiveSession;
import org.apache.hive.service.cli.thrift.ThriftBinaryCLIService;
import org.apache.hive.service.cli.thrift.ThriftCLIService;
import org.apache.hive.service.cli.thrift.ThriftHttpCLIService;
import org.apache.hive.service.server.HiveServer2;

/**
 * HiveServer2 with several doors: one process, one catalog, and a port for each way to come in.
 *
 * Argument: a file of properties. `control` is the port of {@link Control}; `door.NAME.SETTING` are the settings in which
 * a further door differs from hive-site.xml. The doors answer after the line "ready" in the log.
 */
public final class TestHiveServer {
  private TestHiveServer() {}

  public static void main(String[] arguments) {
    try {
      run(arguments[0]);
    } catch (Throwable error) { // other threads would live on
      error.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void run(String file) throws Exception {
    Properties properties = new Properties();
    try (FileReader reader = new FileReader(new File(file), StandardCharsets.UTF_8)) {
      properties.load(reader);
    }
    HiveConf settings = new HiveConf();
    UserGroupInformation.setConfiguration(settings);
    HiveServer2 server = new HiveServer2();
    server.init(settings);
    server.start();
    CLIService service = null;
    for (Service part : server.getServices()) {
      if (part instanceof CLIService) {
        service = (CLIService) part;
      }
    }
    for (Map<String, String> door : doors(properties)) {
      open(service, settings, door);
    }
    // With Kerberos, Hadoop reads its own files by native code only. The doors hold the service's tickets by now.
    Configuration simple = new Configuration(settings);
    simple.set("hadoop.security.authentication", "simple");
    UserGroupInformation.setConfiguration(simple);
    Control control = new Control(service, Integer.parseInt(properties.getProperty("control")));
    System.out.println("ready");
    control.serve();
  }

  private static List<Map<String, String>> doors(Properties properties) {
    Map<String, Map<String, String>> doors = new TreeMap<>();
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith("door.")) {
        String[] parts = key.split("\\.", 3);
        doors.computeIfAbsent(parts[1], name -> new TreeMap<>()).put(parts[2], properties.getProperty(key));
      }
    }
    return new ArrayList<>(doors.values());
  }

  private static void open(CLIService service, HiveConf settings, Map<String, String> differences) {
    HiveConf own = new HiveConf(settings);
    differences.forEach(own::set);
    boolean http = "http".equals(own.get("hive.server2.transport.mode"));
    ThriftCLIService door = http ? new ThriftHttpCLIService(service) : new ThriftBinaryCLIService(service);
    door.init(own);
    door.start();
  }

  /** Answers the tests' questions about sessions: a line in, lines out, the end of the connection. */
  private static final class Control {
    private final CLIService service;
    private final ServerSocket listener;
    private final Map<SessionHandle, Integer> numbers = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();

    Control(CLIService service, int port) throws IOException {
      this.service = service;
      listener = new ServerSocket(port, 16, InetAddress.getLoopbackAddress());
    }

    void serve() throws IOException {
      while (true) {
        try (Socket peer = listener.accept()) {
          BufferedReader in = new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.UTF_8));
          PrintWriter out = new PrintWriter(peer.getOutputStream(), true, StandardCharsets.UTF_8);
          String[] words = String.valueOf(in.readLine()).split(" ");
          if (words[0].equals("sessions")) {
            sessions(out);
          } else if (words[0].equals("kill")) {
            kill(Integer.parseInt(words[1]));
          }
        } catch (Exception error) {
          error.printStackTrace();
        }
      }
    }

    /** Number, user and statement (white space as spaces; empty when there is none) of each session, tab between them. */
    private void sessions(PrintWriter out) {
      for (HiveSession session : service.getSessionManager().getSessions()) {
        int number = numbers.computeIfAbsent(session.getSessionHandle(), handle -> last.incrementAndGet());
        out.println(number + "\t" + session.getUserName() + "\t" + statement(session));
      }
    }

    private String statement(HiveSession session) {
      for (Operation operation : service.getSessionManager().getOperations()) {
        if (operation.getParentSession() == session && operation instanceof ExecuteStatementOperation) {
          return ((ExecuteStatementOperation) operation).getStatement().replaceAll("\\s", " ");
        }
      }
      return "";
    }

    private void kill(int number) throws Exception {
      for (Map.Entry<SessionHandle, Integer> entry : numbers.entrySet()) {
        if (entry.getValue() == number) {
          service.getSessionManager().closeSession(entry.getKey());
        }
      }
    }
  }

  /** Lets those in whose password is their name, turned round. */
  public static final class Passwords implements PasswdAuthenticationProvider {
    @Override
    public void Authenticate(String user, String password) throws AuthenticationException {
      if (user == null || password == null || !new StringBuilder(user).reverse().toString().equals(password)) {
        throw new AuthenticationException("wrong user name or password");
      }
    }
  }

  /** A function that sleeps so many seconds and returns them. */
  @UDFType(deterministic = false)
  public static final class Snooze extends UDF {
    public Integer evaluate(Integer seconds) throws InterruptedException {
      Thread.sleep(seconds * 1000L);
      return seconds;
    }
  }
}
