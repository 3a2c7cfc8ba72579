#include "http/message/forwarded.hpp"

#include "http/asio.hpp"

namespace connector::http {

std::string forwarded_address(std::string_view x_forwarded_for) {
  const std::size_t comma = x_forwarded_for.rfind(',');
  std::string_view last = x_forwarded_for.substr(comma == std::string_view::npos ? 0 : comma + 1);
  while (!last.empty() && (last.front() == ' ' || last.front() == '\t')) last.remove_prefix(1);
  while (!last.empty() && (last.back() == ' ' || last.back() == '\t')) last.remove_suffix(1);
  if (last.starts_with('[') && last.ends_with(']')) last = last.substr(1, last.size() - 2);
  // A zone says an interface of the proxy's machine, and means nothing here.
  last = last.substr(0, last.find('%'));
  error_code error;
  const asio::ip::address address = asio::ip::make_address(std::string(last), error);
  return error ? std::string() : address.to_string();
}

}  // namespace connector::http
