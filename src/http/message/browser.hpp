// From where a browser may use a session of the page: from the page itself, and where nobody on the way can read it.
#pragma once

#include <string_view>

#include "http/message/request.hpp"

namespace connector::http {

/// Whether a Host is one of this machine: localhost and what is below it, 127.0.0.0/8, [::1]; with a port or without.
bool is_loopback_host(std::string_view host);

/// Whether the request comes from a page of this program, or from no page: Sec-Fetch-Site is same-origin or none, and
/// Origin the scheme and Host of the request, each as far as it is there.
bool is_same_origin(const Request& request);

/// Whether nobody on the way can read along: the request came by TLS, or client and program are on one machine. The
/// Host must be of loopback then, too: a foreign name that leads here would make foreign pages of one origin with ours.
bool is_protected(const Request& request);

/// Throws Refusal (403) unless is_protected() and is_same_origin().
void require_browser(const Request& request);

}  // namespace connector::http
