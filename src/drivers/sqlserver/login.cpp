#include "drivers/sqlserver/login.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/base/utf8.hpp"

namespace connector::sqlserver {

namespace {

constexpr int default_port = 1433;

/// FreeTDS cuts what is longer (TDS_MAX_LOGIN_STR_SZ, and 128 characters of the login packet).
constexpr std::size_t max_login_text = 128;

constexpr const char* server_forms = "Give a name or an address, with \":port\" or \"\\instance\" if need be.";

int port_number(std::string_view digits) {
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool valid = error == std::errc() && end == digits.data() + digits.size() && port >= 1 && port <= 65535;
  if (!valid)
    throw core::parameter_error("sqlserver", "server", "\"server\" has no valid port: " + core::quoted(digits),
                                "Ports are 1 to 65535.");
  return port;
}

/// Splits off `:port` or `,port`; the address of version 6 that has a port stands in brackets.
std::optional<std::string> split_port(std::string& server) {
  if (server.starts_with('[')) {
    const auto end = server.find(']');
    if (end == std::string::npos)
      throw core::parameter_error("sqlserver", "server", "\"server\" has no closing bracket", server_forms);
    const std::string rest = server.substr(end + 1);
    if (!rest.empty() && rest[0] != ':' && rest[0] != ',')
      throw core::parameter_error("sqlserver", "server", "\"server\" is no host name", server_forms);
    server = server.substr(1, end - 1);
    return rest.empty() ? std::nullopt : std::optional(rest.substr(1));
  }
  auto separator = server.find(',');
  if (separator == std::string::npos && std::count(server.begin(), server.end(), ':') == 1) {
    separator = server.find(':');
  }
  if (separator == std::string::npos) return std::nullopt;
  std::string port = server.substr(separator + 1);
  server.resize(separator);
  return port;
}

/// The name stands in a file of settings for FreeTDS, where other characters have a meaning.
bool is_host(std::string_view server) {
  return !server.empty() && server.size() <= 253 && std::all_of(server.begin(), server.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '%' || c >= 0x80;
  });
}

/// `host`, `host:port`, `host,port` or `host\instance`; a port says more than an instance.
void read_server(std::string server, Login& login) {
  const std::string text = server;
  const std::optional<std::string> port = split_port(server);
  const auto backslash = server.find('\\');
  if (backslash != std::string::npos) {
    login.instance = server.substr(backslash + 1);
    server.resize(backslash);
    const bool is_name = !login.instance.empty() && login.instance.size() <= 32 &&
                         std::all_of(login.instance.begin(), login.instance.end(), [](unsigned char c) {
                           return c > ' ' && c != ';' && c != '\\' && c != '/' && c < 0x7f;
                         });
    if (!is_name)
      throw core::parameter_error("sqlserver", "server", "\"server\" has no valid instance: " + core::quoted(text),
                                  server_forms);
  }
  if (port) {
    const int named = port_number(*port);
    if (login.port != default_port && login.port != named) {
      throw core::parameter_error("sqlserver", "port", "\"server\" and \"port\" name different ports",
                                  "Give the port once.");
    }
    login.port = named;
    login.instance.clear();
  }
  if (login.port != default_port) login.instance.clear();
  if (!is_host(server)) {
    throw core::parameter_error("sqlserver", "server", "\"server\" is no host name: " + core::quoted(text),
                                server_forms);
  }
  login.server = server;
}

void check_text(const std::string& text, std::string_view name) {
  if (text.size() <= max_login_text) return;
  throw core::parameter_error("sqlserver", name, "\"" + std::string(name) + "\" is too long",
                              "The protocol has room for 128 characters.");
}

}  // namespace

Login read_login(const core::ConnectRequest& request) {
  Login login;
  core::read_login_options(request, "sqlserver", core::RootCertificateRule::verifying, login);
  read_server(std::exchange(login.server, {}), login);
  login.tds_version = core::option(request.options, "tds_version");
  login.snapshot_readers = core::option(request.options, "snapshot_readers") == "true";
  login.read_only = core::option(request.options, "application_intent") == "ReadOnly";
  check_text(login.username, "username");
  check_text(login.password, "password");
  check_text(login.database, "database");
  // Without a name FreeTDS would log in by Kerberos, with the database server's own ticket.
  if (login.username.empty())
    throw core::parameter_error("sqlserver", "username", "\"username\" must not be empty",
                                "Give the name of a SQL Server login.");
  return login;
}

}  // namespace connector::sqlserver
