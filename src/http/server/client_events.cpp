#include "http/server/client_events.hpp"

namespace connector::http {

ClientEvents::ClientEvents(ClientChannel& channel, ReplyForm form, std::chrono::seconds time)
    : channel_(channel), form_(form), time_(time) {
  form_.framing = form.is_1_0 ? Framing::end : Framing::chunks;
  form_.keep_alive = false;
}

Task<> ClientEvents::begin(const Reply& head) {
  begun_ = true;
  status_ = head.status;
  channel_.phase = Client::Phase::streaming;
  std::string text = reply_text(head, form_);
  if (!form_.head && !head.body.empty()) text += form_.framing == Framing::chunks ? chunk_text(head.body) : head.body;
  co_await send(std::move(text));
  if (form_.head) {
    broken_ = true;  // nothing may come behind
    throw Stopped{false};
  }
}

Task<> ClientEvents::write(std::string text) {
  if (text.empty()) co_return;
  // Not within the awaited expression, where g++ 12 destroys such a temporary twice.
  if (form_.framing == Framing::chunks) text = chunk_text(text);
  co_await send(std::move(text));
}

Task<> ClientEvents::end() {
  if (broken_ || form_.framing != Framing::chunks || channel_.left()) co_return;
  channel_.allow(time_);
  const std::string last = chunk_text("");
  co_await channel_.write(last);
}

Task<> ClientEvents::send(std::string text) {
  if (broken_) throw Stopped{false};
  channel_.allow(time_);
  const bool sent = co_await channel_.write(text);
  channel_.allow_any_time();
  bytes_ += text.size();
  if (sent) co_return;
  broken_ = true;
  throw Stopped{channel_.expired()};
}

}  // namespace connector::http
