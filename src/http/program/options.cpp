#include "http/program/options.hpp"

#include <getopt.h>

#include <charconv>
#include <stdexcept>

#include "http/asio.hpp"

namespace connector::http {

namespace {

enum Option : int {
  listen_option = 256,
  user_from_host,
  allow_superuser,
  no_query_passwords,
  requests_option,
  help_option,
  version_option
};

constexpr option known[] = {{"listen", required_argument, nullptr, listen_option},
                            {"user-from-host", optional_argument, nullptr, user_from_host},
                            {"allow-superuser", no_argument, nullptr, allow_superuser},
                            {"no-query-passwords", no_argument, nullptr, no_query_passwords},
                            {"max-requests-per-second", required_argument, nullptr, requests_option},
                            {"help", no_argument, nullptr, help_option},
                            {"version", no_argument, nullptr, version_option},
                            {nullptr, 0, nullptr, 0}};

/// `127.0.0.1:8080`, `[::1]:8080`.
void read_listen(Settings& settings, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) throw std::runtime_error("--listen needs an address and a port: 127.0.0.1:8080");
  std::string_view address = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const auto [rest, failed] = std::from_chars(port.data(), port.data() + port.size(), settings.port);
  error_code error;
  asio::ip::make_address(std::string(address), error);
  if (error || failed != std::errc() || rest != port.data() + port.size()) {
    throw std::runtime_error("--listen needs an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
  }
  settings.address = address;
}

std::size_t read_number(const char* option, std::string_view text) {
  unsigned number = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || rest != text.data() + text.size() || number == 0 || number > 1'000'000) {
    throw std::runtime_error(std::string(option) + " needs a whole number from 1 to 1000000");
  }
  return number;
}

bool yes_or_no(const char* text) {
  const std::string_view word = text == nullptr ? "on" : text;
  if (word == "on") return true;
  if (word == "off") return false;
  throw std::runtime_error("--user-from-host is on or off");
}

}  // namespace

Options read_options(int count, char** arguments) {
  Options options;
  std::optional<bool> from_host;
  opterr = 0;
  for (int found; (found = getopt_long(count, arguments, ":", known, nullptr)) != -1;) {
    switch (found) {
      case listen_option:
        read_listen(options.settings, optarg);
        break;
      case user_from_host:
        from_host = yes_or_no(optarg);
        break;
      case allow_superuser:
        options.settings.superusers_allowed = true;
        break;
      case no_query_passwords:
        options.settings.query_passwords = false;
        break;
      case requests_option:
        options.settings.requests_per_second = read_number("--max-requests-per-second", optarg);
        break;
      case help_option:
        options.help = true;
        return options;
      case version_option:
        options.version = true;
        return options;
      case ':':
        throw std::runtime_error(std::string("option ") + arguments[optind - 1] + " needs a value");
      default:
        throw std::runtime_error(std::string("unknown option ") + arguments[optind - 1]);
    }
  }
  if (optind + 1 < count) throw std::runtime_error(std::string("too many arguments, from ") + arguments[optind + 1]);
  if (optind < count) options.conninfo = arguments[optind];
  options.settings.user_from_host = from_host.value_or(asio::ip::make_address(options.settings.address).is_loopback());
  return options;
}

std::string_view help_text() noexcept {
  return R"(connector-http serves the Import API before a PostgreSQL database that has the extension connector.

Usage:
  connector-http [OPTION]... [CONNINFO]

CONNINFO says which database, as for psql: 'host=/var/run/postgresql dbname=warehouse'.

Options:
  --listen ADDRESS:PORT      where to listen (127.0.0.1:8080)
  --user-from-host[=on|off]  the first label of the Host is the role, where a request names no other:
                             alice.localhost:8080 (on where it listens on loopback, else off)
  --allow-superuser          lets superusers log in
  --no-query-passwords       refuses GET /api/v1/connectors/PROVIDER/tables and /connect, whose addresses have the
                             password of the remote database: POST has the same calls
  --max-requests-per-second N
                             answers so many requests of each role; more are refused with 429 (any number)
  --help, --version
)";
}

std::string_view version_text() noexcept {
  return "connector-http " CONNECTOR_VERSION "\n";
}

}  // namespace connector::http
