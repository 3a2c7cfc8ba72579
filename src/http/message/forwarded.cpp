#include "http/message/forwarded.hpp"

#include "core/base/utf8.hpp"
#include "http/asio.hpp"
#include "http/message/blanks.hpp"

namespace connector::http {

namespace {

/// The last value of a list, without blanks around it.
std::string_view last_of(std::string_view list) noexcept {
  const std::size_t comma = list.rfind(',');
  return without_blanks(list.substr(comma == std::string_view::npos ? 0 : comma + 1));
}

}  // namespace

std::string forwarded_address(std::string_view x_forwarded_for) {
  std::string_view last = last_of(x_forwarded_for);
  if (last.starts_with('[') && last.ends_with(']')) last = last.substr(1, last.size() - 2);
  // A zone says an interface of the proxy's machine, and means nothing here.
  last = last.substr(0, last.find('%'));
  error_code error;
  const asio::ip::address address = asio::ip::make_address(std::string(last), error);
  return error ? std::string() : address.to_string();
}

bool forwarded_by_tls(std::string_view x_forwarded_proto) {
  return core::lower_ascii(last_of(x_forwarded_proto)) == "https";
}

}  // namespace connector::http
