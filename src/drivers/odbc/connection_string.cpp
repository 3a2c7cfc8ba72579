#include "drivers/odbc/connection_string.hpp"

#include <algorithm>

#include "core/base/letter_case.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/dialect.hpp"
#include "core/remote/login_options.hpp"
#include "drivers/odbc/installed_drivers.hpp"

namespace connector::odbc {

namespace {

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789 _.-";
/// Values of these alone mean the same with and without braces to whoever reads them.
constexpr std::string_view plain_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-";

core::Error refused(std::string_view key, std::string message, std::string hint = {}) {
  return core::parameter_error("odbc", key, std::move(message), std::move(hint));
}

/// Keys that are no attributes, or attributes of another name; and those that some driver (MDBTools) does not find in
/// lower case.
struct NamedKey {
  std::string_view key;
  std::string_view attribute;  ///< empty = it is none
};

constexpr NamedKey named_keys[] = {
    {"driver", ""},       {"dsn", ""},      {"connect_timeout", ""},  {"username", "UID"}, {"password", "PWD"},
    {"server", "Server"}, {"port", "Port"}, {"database", "Database"}, {"dbq", "DBQ"}};

/// Attributes of the driver manager by which it reads or writes files, and those that keys stand for.
void check_name(std::string_view name) {
  if (name.empty() || !core::consists_of(name, name_characters) || name.starts_with(' ') || name.ends_with(' ')) {
    throw refused(name, "key " + core::quoted(name) + " of the connection is no name of an attribute",
                  "Names of attributes consist of letters, digits, blanks, underscores, points and hyphens.");
  }
  if (name == "filedsn" || name == "savefile") {
    throw refused(name, "attribute " + core::quoted(name) + " is not allowed",
                  "Give the attributes themselves, as keys of the connection.");
  }
  if (name == "uid" || name == "pwd") {
    throw refused(name, "attribute " + core::quoted(name) + " has a key of its own",
                  name == "uid" ? "Use \"username\"." : "Use \"password\".");
  }
}

/// A name in a configuration file: never a path, which would load a library, nor anything that ends the value.
void check_configured_name(std::string_view key, std::string_view name) {
  if (core::is_text(name) && name.find_first_of("/\\{}[];=") == std::string_view::npos) return;
  throw refused(key, "key " + core::quoted(key) + " of the connection is no name",
                "It must be a name of the server's configuration of unixODBC.");
}

/// Whether a key of ours stands for it: such attributes every driver knows that has braces of known ones.
bool has_key(std::string_view attribute) {
  return std::ranges::find(named_keys, attribute, &NamedKey::attribute) != std::end(named_keys);
}

bool is_password(std::string_view attribute) {
  return attribute == "PWD";
}

std::string written_value(std::string_view key, std::string_view attribute, const std::string& value, Braces braces) {
  if (value.find('\0') != std::string::npos) {
    throw refused(key, "the value of " + core::quoted(key) + " has a NUL character");
  }
  if (core::consists_of(value, plain_characters)) return value;
  const bool taken_off = braces == Braces::taken_off ||
                         (braces == Braces::of_password_only && is_password(attribute)) ||
                         (braces == Braces::of_known_keys && has_key(attribute));
  if (taken_off) return in_braces(value);
  // A closing brace may be a part of the value for the driver manager, and its end for the driver, or the other way.
  if (braces == Braces::taken_undoubled && value.find('}') == std::string::npos) return '{' + value + '}';
  const bool has_blanks = value.starts_with(' ') || value.ends_with(' ');
  if (has_blanks || value.find_first_of(";{}") != std::string::npos) {
    throw refused(key, "the value of " + core::quoted(key) + " can't be told to this driver",
                  "The driver takes no semicolons and braces there, nor blanks at begin and end.");
  }
  return value;
}

void add(std::string& text, std::string_view attribute, std::string_view written) {
  text.append(attribute).append("=").append(written).append(";");
}

}  // namespace

std::string in_braces(std::string_view value) {
  return core::between_quotes('{', value, '}');
}

void check_driver_options(const core::ConnectionOptions& options, SQLHENV environment) {
  const std::string driver = core::option(options, "driver"), source = core::option(options, "dsn");
  if (driver.empty() == source.empty()) {
    throw refused("driver",
                  driver.empty() ? "the connection has neither \"driver\" nor \"dsn\""
                                 : "the connection has both \"driver\" and \"dsn\"",
                  "Give one of them.");
  }
  if (driver.empty()) return check_configured_name("dsn", source);
  check_configured_name("driver", driver);
  const auto is_it = [&](const std::string& name) { return core::same_but_for_case(name, driver); };
  if (std::ranges::none_of(driver_names(environment), is_it)) {
    throw refused("driver", "there is no driver " + core::quoted(driver) + " in odbcinst.ini",
                  "The administrator of the database server installs drivers; odbcinst -q -d lists them there.");
  }
}

std::string connection_string(const core::ConnectionOptions& options, const KnownDriver& driver) {
  std::string text;
  const std::string name = core::option(options, "driver");
  // The driver manager takes off these braces itself.
  add(text, name.empty() ? "DSN" : "DRIVER", name.empty() ? core::option(options, "dsn") : in_braces(name));
  for (const auto& [key, value] : options) {
    const auto* named = std::ranges::find(named_keys, key, &NamedKey::key);
    const bool is_named = named != std::end(named_keys);
    if (!is_named) check_name(key);
    const std::string_view attribute = is_named ? named->attribute : std::string_view(key);
    if (attribute.empty() || (is_named && value.empty())) continue;
    add(text, attribute, written_value(key, attribute, value, driver.braces));
  }
  for (const DriverAttribute& attribute : driver.defaults) {
    if (!options.contains(core::lower_ascii(attribute.name))) add(text, attribute.name, attribute.value);
  }
  return text;
}

}  // namespace connector::odbc
