#include "http/message/forwarded.hpp"

#include "core/base/utf8.hpp"
#include "http/asio.hpp"

namespace connector::http {

namespace {

/// The last value of a list, without blanks around it.
std::string_view last_of(std::string_view list) noexcept {
  const std::size_t comma = list.rfind(',');
  std::string_view last = list.substr(comma == std::string_view::npos ? 0 : comma + 1);
  while (!last.empty() && (last.front() == ' ' || last.front() == '\t')) last.remove_prefix(1);
  while (!last.empty() && (last.back() == ' ' || last.back() == '\t')) last.remove_suffix(1);
  return last;
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
