#include "http/message/browser.hpp"

#include "core/base/utf8.hpp"
#include "http/asio.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

bool is_loopback_address(std::string_view text) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(std::string(text), error);
  return !error && address.is_loopback();
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos || (end + 1 < host.size() && host[end + 1] != ':')) return false;
    return is_loopback_address(host.substr(1, end - 1));
  }
  const std::string name = core::lower_ascii(host.substr(0, host.find(':')));
  return name == "localhost" || name.ends_with(".localhost") || is_loopback_address(name);
}

bool is_same_origin(const Request& request) {
  if (request.sec_fetch_site && *request.sec_fetch_site != "same-origin" && *request.sec_fetch_site != "none") {
    return false;
  }
  if (!request.origin) return true;
  const std::string own = (request.is_secure ? "https://" : "http://") + request.host;
  return core::lower_ascii(*request.origin) == core::lower_ascii(own);
}

bool is_protected(const Request& request) {
  if (request.is_secure) return true;
  return request.listens_on_loopback && is_loopback_address(request.address) && is_loopback_host(request.host);
}

void require_browser(const Request& request) {
  if (!is_protected(request)) {
    Json body;
    body["errors"] = "the page needs TLS";
    body["detail"] = "Without TLS it can be used only on the machine on which connector-http runs.";
    body["hint"] =
        "Start connector-http with --tls-cert and --tls-key, or put a proxy with TLS before it that sends "
        "X-Forwarded-Proto, and name it by --trusted-proxy.";
    throw Refusal{json_reply(body, 403)};
  }
  if (!is_same_origin(request)) {
    Json body;
    body["errors"] = "the request comes from another origin";
    body["hint"] = "A proxy must send the Host that the browser sees, with its port.";
    throw Refusal{json_reply(body, 403)};
  }
}

}  // namespace connector::http
