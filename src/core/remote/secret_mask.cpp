#include "core/remote/secret_mask.hpp"

#include <algorithm>
#include <functional>

namespace connector::core {

namespace {

constexpr std::string_view mask = "********";
constexpr std::size_t fewest_anywhere = 6;

constexpr std::string_view secret_words[] = {"password", "pwd", "passphrase", "secret", "token", "passcode"};

void replace_all(std::string& text, const std::string& what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

bool is_secret_option(const ProviderInfo& info, std::string_view name) noexcept {
  const auto found = std::ranges::find(info.connection_parameters, name, &ParameterInfo::name);
  if (found != info.connection_parameters.end()) return found->secret;
  return std::ranges::any_of(secret_words,
                             [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
}

SecretMask::SecretMask(const ProviderInfo& info, const ConnectionOptions& options) {
  for (const auto& [name, value] : options) {
    if (value.empty() || !is_secret_option(info, name)) continue;
    secrets_.push_back(value);
    // As it stands between braces in a connection string.
    std::string doubled = value;
    replace_all(doubled, "}", "}}");
    if (doubled != value) secrets_.push_back(doubled);
  }
  // One may be a part of another.
  std::ranges::sort(secrets_, std::ranges::greater(), &std::string::size);
}

std::string SecretMask::operator()(std::string text) const {
  for (const std::string& secret : secrets_) {
    if (secret.size() >= fewest_anywhere) {
      replace_all(text, secret, mask);
    } else {
      for (const std::string_view before : {"=", "={"}) {
        replace_all(text, std::string(before) + secret, std::string(before) + std::string(mask));
      }
    }
  }
  return text;
}

}  // namespace connector::core
