#include "http/program/options.hpp"

#include <getopt.h>

#include <charconv>

#include "http/asio.hpp"
#include "http/program/conninfo.hpp"

namespace connector::http {

namespace {

enum Option : int {
  listen_option = 256,
  tls_cert,
  tls_key,
  without_tls,
  user_from_host,
  allow_superuser,
  trusted_proxy,
  conninfo_file,
  call_timeout,
  client_timeout,
  max_connections,
  max_sessions,
  max_streams,
  quiet_option,
  no_query_passwords,
  requests_option,
  help_option,
  version_option
};

constexpr option known[] = {{"listen", required_argument, nullptr, listen_option},
                            {"tls-cert", required_argument, nullptr, tls_cert},
                            {"tls-key", required_argument, nullptr, tls_key},
                            {"without-tls", no_argument, nullptr, without_tls},
                            {"user-from-host", optional_argument, nullptr, user_from_host},
                            {"allow-superuser", no_argument, nullptr, allow_superuser},
                            {"trusted-proxy", required_argument, nullptr, trusted_proxy},
                            {"conninfo-file", required_argument, nullptr, conninfo_file},
                            {"call-timeout", required_argument, nullptr, call_timeout},
                            {"client-timeout", required_argument, nullptr, client_timeout},
                            {"max-connections", required_argument, nullptr, max_connections},
                            {"max-sessions", required_argument, nullptr, max_sessions},
                            {"max-streams", required_argument, nullptr, max_streams},
                            {"quiet", no_argument, nullptr, quiet_option},
                            {"no-query-passwords", no_argument, nullptr, no_query_passwords},
                            {"max-requests-per-second", required_argument, nullptr, requests_option},
                            {"help", no_argument, nullptr, help_option},
                            {"version", no_argument, nullptr, version_option},
                            {nullptr, 0, nullptr, 0}};

/// What the command line says beside Settings, before it is checked as a whole.
struct Said {
  std::optional<bool> from_host;
  bool without_tls = false;
  std::string conninfo_file;
};

std::optional<asio::ip::address> read_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  error_code error;
  const asio::ip::address address = asio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

template <typename Number>
std::optional<Number> read_number(std::string_view text, Number least, Number most) {
  Number number{};
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || rest != text.data() + text.size() || number < least || number > most)
    return std::nullopt;
  return number;
}

/// `127.0.0.1:8080`, `[::1]:8080`.
void read_listen(Settings& settings, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view host = text.substr(0, colon);
  const std::optional<asio::ip::address> address = read_address(host);
  const auto port = read_number<unsigned short>(text.substr(colon == std::string_view::npos ? 0 : colon + 1), 0, 65535);
  if (colon == std::string_view::npos || !address || !port || (address->is_v6() && !host.starts_with('['))) {
    throw UsageError("--listen needs an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
  }
  settings.address = address->to_string();
  settings.port = *port;
}

bool yes_or_no(const char* text) {
  const std::string_view word = text == nullptr ? "on" : text;
  if (word == "on") return true;
  if (word == "off") return false;
  throw UsageError("--user-from-host is on or off");
}

std::chrono::seconds read_seconds(const char* option, std::string_view text) {
  const auto seconds = read_number<int>(text, 1, 86400);
  if (!seconds) throw UsageError(std::string(option) + " needs a number of seconds, from 1 to 86400");
  return std::chrono::seconds(*seconds);
}

/// The limits on a client's steps, none of which is longer than what was given if that is short.
void read_client_timeout(Settings& settings, std::string_view text) {
  const std::chrono::seconds time = read_seconds("--client-timeout", text);
  settings.idle_timeout = settings.answer_timeout = time;
  for (std::chrono::seconds* limit :
       {&settings.handshake_timeout, &settings.header_timeout, &settings.body_timeout, &settings.event_timeout}) {
    *limit = std::min(*limit, time);
  }
}

std::size_t read_count(const char* option, std::string_view text, std::size_t most) {
  const auto count = read_number<std::size_t>(text, 1, most);
  if (!count) throw UsageError(std::string(option) + " needs a number from 1 to " + std::to_string(most));
  return *count;
}

void read_max_connections(Settings& settings, std::string_view text) {
  settings.most_connections = read_count("--max-connections", text, 100'000);
  settings.most_connections_of_one = std::max<std::size_t>(1, settings.most_connections / 4);
}

void read_requests_per_second(Settings& settings, std::string_view text) {
  settings.requests_per_second = read_count("--max-requests-per-second", text, 1'000'000);
}

void take(Options& options, Said& said, int found) {
  Settings& settings = options.settings;
  switch (found) {
    case listen_option:
      return read_listen(settings, optarg);
    case tls_cert:
      settings.tls_certificate = optarg;
      return;
    case tls_key:
      settings.tls_key = optarg;
      return;
    case without_tls:
      said.without_tls = true;
      return;
    case user_from_host:
      said.from_host = yes_or_no(optarg);
      return;
    case allow_superuser:
      settings.superusers_allowed = true;
      return;
    case trusted_proxy: {
      const std::optional<asio::ip::address> address = read_address(optarg);
      if (!address) throw UsageError("--trusted-proxy needs an address, such as 127.0.0.1");
      settings.trusted_proxies.push_back(address->to_string());
      return;
    }
    case conninfo_file:
      said.conninfo_file = optarg;
      return;
    case call_timeout:
      settings.call_timeout = read_seconds("--call-timeout", optarg);
      return;
    case client_timeout:
      return read_client_timeout(settings, optarg);
    case max_connections:
      return read_max_connections(settings, optarg);
    case max_sessions:
      settings.most_sessions = read_count("--max-sessions", optarg, 10'000);
      return;
    case max_streams:
      settings.most_streams = read_count("--max-streams", optarg, 10'000);
      return;
    case quiet_option:
      settings.quiet = true;
      return;
    case no_query_passwords:
      settings.query_passwords = false;
      return;
    case requests_option:
      return read_requests_per_second(settings, optarg);
    default:
      return;
  }
}

/// What fits together, and what does not.
void check(const Settings& settings, const Said& said) {
  if (settings.tls_certificate.empty() != settings.tls_key.empty()) {
    throw UsageError("--tls-cert and --tls-key must be given together");
  }
  const bool has_tls = !settings.tls_certificate.empty();
  if (has_tls && said.without_tls) throw UsageError("--without-tls can't be given together with --tls-cert");
  if (!has_tls && !said.without_tls && !asio::ip::make_address(settings.address).is_loopback()) {
    throw UsageError("listening on " + settings.address +
                     " needs --tls-cert and --tls-key, or --without-tls where keys may be seen on the network");
  }
}

}  // namespace

Options read_options(int count, char** arguments) {
  Options options;
  Said said;
  opterr = 0;
  for (int found; (found = getopt_long(count, arguments, ":", known, nullptr)) != -1;) {
    // A value behind an option's name may be a password.
    const std::string name = std::string(arguments[optind - 1]).substr(0, std::string(arguments[optind - 1]).find('='));
    if (found == ':') throw UsageError("option " + name + " needs a value");
    if (found == '?') throw UsageError("unknown option, or one that takes no value: " + name);
    if (found == help_option || found == version_option) {
      options.help = found == help_option;
      options.version = found == version_option;
      return options;
    }
    take(options, said, found);
  }
  if (optind + 1 < count) throw UsageError("there is more than one CONNINFO: put it between quotes");
  if (optind < count && !said.conninfo_file.empty()) {
    throw UsageError("CONNINFO and --conninfo-file can't be given together");
  }
  check(options.settings, said);
  options.settings.user_from_host =
      said.from_host.value_or(asio::ip::make_address(options.settings.address).is_loopback());
  options.database = said.conninfo_file.empty() ? conninfo_of_argument(optind < count ? arguments[optind] : "")
                                                : conninfo_of_file(said.conninfo_file);
  return options;
}

std::string_view help_text() noexcept {
  return R"(connector-http serves the Import API, and a page for browsers, before a PostgreSQL database that has the
extension connector.

Usage:
  connector-http [OPTION]... [CONNINFO]

CONNINFO names the database, in psql's form: 'host=/var/run/postgresql dbname=warehouse'.
It holds no password, as everybody on the machine sees command lines: a role of the program's own, which
it needs for keys that it issues and for events, has its password in a file that passfile= names.

Database:
  --conninfo-file FILE       CONNINFO is in this file, which may hold a password and span lines
  --allow-superuser          lets superusers log in
  --call-timeout SECONDS     a call that takes longer is stopped (60); checks of connections may take more
  --max-requests-per-second N
                             answers so many requests of each role; more are refused with 429 (any number)
  --max-sessions NUMBER      sessions of the database at once (50), 8 of one role; calls wait for one
  --max-streams NUMBER       streams of events at once (100), a tenth of them of one role
  --no-query-passwords       refuses GET /api/v1/connectors/PROVIDER/tables and /connect, whose addresses
                             have the password of the remote database: POST has the same calls

Network:
  --listen ADDRESS:PORT      where to listen (127.0.0.1:8080); port 0 takes a free one
  --tls-cert FILE            certificate and the chain behind it, PEM; read again at SIGHUP
  --tls-key FILE             its key, PEM, without a passphrase
  --without-tls              listens without TLS on an address that is not loopback: keys, which are
                             passwords of roles, can then be read on the way. For a network that is
                             protected otherwise, such as that of a container behind a proxy
  --trusted-proxy ADDRESS    a proxy in front, whose X-Forwarded-For tells where a request comes from, and
                             X-Forwarded-Proto whether by TLS; can be given more than once
  --user-from-host[=on|off]  the first label of the Host is the role, where a request names no other:
                             alice.localhost:8080 (on where it listens on loopback, else off)
  --client-timeout SECONDS   how long a connection may be idle, and a client take to read an answer (60);
                             a header may take 10 seconds and a body 30, or this if it is less
  --max-connections NUMBER   at once (1000), a quarter of them from one address. When there are more, the
                             one that has been waiting longest for a complete request is closed

Other:
  --quiet                    no line on standard output for each request
  --help, --version

SIGTERM ends it: calls that run have five seconds. Status 2 tells of a wrong use, 1 of another failure.
)";
}

std::string_view version_text() noexcept {
  return "connector-http " CONNECTOR_VERSION "\n";
}

}  // namespace connector::http
