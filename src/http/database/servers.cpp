#include "http/database/servers.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace connector::http {

namespace {

std::string_view value_of(const ConninfoOptions& options, std::string_view name) {
  const auto found =
      std::find_if(options.begin(), options.end(), [name](const auto& option) { return option.first == name; });
  return found == options.end() ? std::string_view() : std::string_view(found->second);
}

/// Nothing for an empty text, which libpq takes for one that was not given.
std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  for (;;) {
    const std::size_t comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::vector<ServerPlace> server_places(const ConninfoOptions& options) {
  const std::vector<std::string> hosts = list_of(value_of(options, "host"));
  const std::vector<std::string> addresses = list_of(value_of(options, "hostaddr"));
  const std::vector<std::string> ports = list_of(value_of(options, "port"));
  const std::size_t count = std::max<std::size_t>(1, addresses.empty() ? hosts.size() : addresses.size());
  if (!addresses.empty() && !hosts.empty() && hosts.size() != addresses.size()) {
    throw std::runtime_error("could not match " + std::to_string(hosts.size()) + " host names to " +
                             std::to_string(addresses.size()) + " hostaddr values");
  }
  if (ports.size() > 1 && ports.size() != count) {
    throw std::runtime_error("could not match " + std::to_string(ports.size()) + " port numbers to " +
                             std::to_string(count) + " hosts");
  }
  std::vector<ServerPlace> places(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!hosts.empty()) places[i].host = hosts[i];
    if (!addresses.empty()) places[i].hostaddr = addresses[i];
    if (!ports.empty()) places[i].port = ports.size() == 1 ? ports.front() : ports[i];
  }
  return places;
}

bool has_only_name(const ServerPlace& place) {
  if (!place.hostaddr.empty() || place.host.empty() || place.host.front() == '/' || place.host.front() == '@') {
    return false;
  }
  error_code error;
  asio::ip::make_address(place.host, error);
  return static_cast<bool>(error);
}

std::optional<std::chrono::seconds> time_of_server(const ConninfoOptions& options) {
  constexpr int usual = 10;
  constexpr int least = 2;  // as libpq has it
  const std::string_view text = value_of(options, "connect_timeout");
  int seconds = usual;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(std::max(seconds, least));
}

std::vector<std::string> rounds_of_attributes(const ConninfoOptions& options, std::size_t servers) {
  std::string wanted(value_of(options, "target_session_attrs"));
  if (wanted == "prefer-standby" && servers > 1) return {"standby", "any"};
  return {std::move(wanted)};
}

}  // namespace connector::http
