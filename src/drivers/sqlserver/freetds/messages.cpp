#include "drivers/sqlserver/freetds/messages.hpp"

#include <algorithm>

#include <sybfront.h>
#include <sybdb.h>

#include "core/base/utf8.hpp"

namespace connector::sqlserver {

void Messages::clear() noexcept {
  kept_.clear();
  left_out_ = 0;
}

void Messages::add(Message message) {
  if (kept_.size() == max_kept) {
    ++left_out_;
    return;
  }
  message.text = core::shown_text(message.text, max_text_bytes);
  message.procedure = core::shown_text(message.procedure);
  kept_.push_back(std::move(message));
}

const Message* Messages::error() const noexcept {
  const Message* found = nullptr;
  for (const Message& message : kept_) {
    if (message.from_server && message.is_error()) return &message;
    // 20002 says only that the login failed; what is said before it says why.
    if (!message.from_server && (found == nullptr || found->number == SYBEFCON)) found = &message;
  }
  return found;
}

bool Messages::has_server_error() const noexcept {
  return std::any_of(kept_.begin(), kept_.end(),
                     [](const Message& message) { return message.from_server && message.is_error(); });
}

bool Messages::has(int number) const noexcept {
  return std::any_of(kept_.begin(), kept_.end(), [=](const Message& message) { return message.number == number; });
}

std::string Messages::others(const Message* except) const {
  std::string lines;
  const auto line = [&lines](const std::string& text) {
    if (!lines.empty()) lines += '\n';
    lines += text;
  };
  for (const Message& message : kept_) {
    // FreeTDS's own messages add nothing to the server's.
    if (&message == except || !message.from_server) continue;
    line("Server message " + std::to_string(message.number) + ", severity " + std::to_string(message.severity) + ": " +
         message.text);
  }
  if (left_out_ > 0) line("The server sent " + std::to_string(left_out_) + " more messages.");
  return lines;
}

}  // namespace connector::sqlserver
