#include "drivers/hive/login.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/utf8.hpp"

namespace connector::hive {

namespace {

using core::option;

Authentication authentication(std::string_view word) {
  if (word == "ldap") return Authentication::ldap;
  if (word == "nosasl") return Authentication::nosasl;
  if (word == "kerberos") return Authentication::kerberos;
  return Authentication::plain;
}

/// The path stands in the first line of a request.
std::string http_path(std::string path) {
  const bool is_path =
      std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f; }) && path.size() < 2048;
  if (!is_path)
    throw core::parameter_error("hive", "http_path", "\"http_path\" is no path: " + core::quoted(path),
                                "Give it as in a URL.");
  return path.starts_with('/') ? path : '/' + path;
}

/// The name stands in the first lines of an HTTP request, and in a Kerberos principal.
void check_server(const std::string& server) {
  const bool is_host =
      !server.empty() && server.size() <= 253 && std::all_of(server.begin(), server.end(), [](unsigned char c) {
        return c > ' ' && c != '/' && c != '@' && c != ',' && c != 0x7f;
      });
  if (!is_host)
    throw core::parameter_error("hive", "server", "\"server\" is no host name: " + core::quoted(server),
                                "Give a name or an address.");
}

/// The settings of a request are read already; those of a foreign server are one option, in JSON.
std::map<std::string, std::string> session_settings(const core::ConnectRequest& request) {
  std::map<std::string, std::string> settings = request.session;
  const std::string text = option(request.options, "session");
  if (text.empty()) return settings;
  const core::JsonValue json = core::parse_json(text);
  using Type = core::JsonValue::Type;
  bool valid = json.type == Type::object;
  for (const core::JsonMember& member : json.members) {
    const Type type = member.value.type;
    valid = valid && !member.key.empty() && type != Type::null && type != Type::array && type != Type::object;
    settings.insert_or_assign(member.key, member.value.text);
  }
  if (!valid)
    throw core::parameter_error("hive", "session",
                                "\"session\" must be a JSON object of strings, numbers and booleans");
  return settings;
}

void check_credentials(const Login& login, bool may_use_tickets) {
  if (login.username.find('\0') != std::string::npos || login.password.find('\0') != std::string::npos) {
    throw core::parameter_error("hive", "username", "\"username\" and \"password\" must not hold a NUL");
  }
  if (login.authentication == Authentication::ldap && (login.username.empty() || login.password.empty())) {
    // A directory takes a login without a password for an anonymous one, and grants it.
    throw core::parameter_error("hive", login.username.empty() ? "username" : "password",
                                "\"auth\" \"ldap\" needs \"username\" and \"password\"");
  }
  if (login.http && login.username.find(':') != std::string::npos) {
    throw core::parameter_error("hive", "username",
                                "\"username\" must not hold a colon where \"transport\" is \"http\"",
                                "Basic authentication ends the name there.");
  }
  if (login.authentication != Authentication::kerberos) return;
  if (login.http) {
    throw core::parameter_error("hive", "transport", "\"auth\" \"kerberos\" needs \"transport\" \"binary\"",
                                "Through HTTP the connector can log in with a password only.");
  }
  if (!login.password.empty()) {
    throw core::parameter_error("hive", "password", "\"auth\" \"kerberos\" takes no \"password\"",
                                "The ticket is that of the database server's account, from kinit or a keytab.");
  }
  if (!may_use_tickets) {
    throw core::Error(core::ErrorNumber::connectors_disabled, "auth \"kerberos\" is not allowed",
                      "Provider hive, phase authenticate. The ticket is that of the database server's own account.",
                      "Roles that are no superuser may use it only through a foreign server that a superuser owns.")
        .with_parameter("connection.auth");
  }
}

}  // namespace

Login read_login(const core::ConnectRequest& request) {
  const core::ConnectionOptions& options = request.options;
  Login login;
  core::read_login_options(request, "hive", core::RootCertificateRule::tls, login);
  login.authentication = authentication(option(options, "auth"));
  login.http = option(options, "transport") == "http";
  login.http_path = http_path(option(options, "http_path"));
  login.kerberos_service_name = option(options, "kerberos_service_name");
  login.session = session_settings(request);
  check_server(login.server);
  check_credentials(login, request.may_use_tickets);
  return login;
}

}  // namespace connector::hive
