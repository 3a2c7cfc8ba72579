#include "http/events/event_hub.hpp"

#include <algorithm>
#include <array>

#include "core/base/utf8.hpp"
#include "http/database/limited_log.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

/// A burst of notifications becomes one question.
constexpr std::chrono::milliseconds gathering{100};
constexpr std::chrono::seconds longest_question{20};
/// Sessions of the database are few, and requests want some.
constexpr std::size_t questions_at_once = 4;
constexpr std::size_t most_pending = 10'000;
constexpr std::size_t most_in_a_question = 1000;
constexpr std::size_t most_waiting_bytes = 256 * 1024;

constexpr const char* question =
    "SELECT 'import', pg_catalog.json_build_object('id', i.item_queue_id, 'state', i.state, 'table_name', "
    "i.table_name, 'synchronization_id', i.synchronization_id, 'error_code', i.error_code) "
    "FROM connector.imports i WHERE i.item_queue_id OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.uuid[]) "
    "UNION ALL SELECT 'sync', pg_catalog.json_build_object('id', s.id, 'state', s.state, 'name', s.name, "
    "'table_name', s.table_name, 'error_code', s.error_code) "
    "FROM connector.syncs s WHERE s.id OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.uuid[]) "
    "UNION ALL SELECT 'batch', pg_catalog.json_build_object('id', i.batch_id, 'state', "
    "CASE WHEN pg_catalog.bool_or(i.state OPERATOR(pg_catalog.=) ANY ('{enqueued,uploading}'::pg_catalog.text[])) "
    "THEN 'uploading' WHEN pg_catalog.bool_or(i.state OPERATOR(pg_catalog.=) 'failure') THEN 'failure' "
    "ELSE 'complete' END, 'imports', pg_catalog.count(*), "
    "'failures', pg_catalog.count(*) FILTER (WHERE i.state OPERATOR(pg_catalog.=) 'failure')) "
    "FROM connector.imports i WHERE i.batch_id OPERATOR(pg_catalog.=) ANY ($3::pg_catalog.uuid[]) GROUP BY i.batch_id";

[[noreturn]] void refuse(const char* message) {
  throw Refusal{error_reply(503, message)};
}

}  // namespace

Subscription::Subscription(EventHub& hub, const asio::any_io_executor& executor, const Identity& identity)
    : hub_(hub), identity_(identity), timer_(executor), number_(++hub.last_number_) {
  if (hub.streams_ >= hub.most_streams_) refuse("too many event streams");
  std::shared_ptr<EventHub::Role>& role = hub.roles_[identity.user];
  if (role == nullptr) role = std::make_shared<EventHub::Role>();
  if (role->streams.size() >= std::max<std::size_t>(1, hub.most_streams_ / 10))
    refuse("too many event streams of this role");
  role->streams.push_back(this);
  ++hub.streams_;
}

Subscription::~Subscription() {
  const auto role = hub_.roles_.find(identity_.user);
  std::erase(role->second->streams, this);
  if (role->second->streams.empty()) hub_.roles_.erase(role);
  --hub_.streams_;
}

void Subscription::add(const std::string& text) {
  if (waiting_.size() + text.size() > most_waiting_bytes) {
    end();
    return;
  }
  waiting_ += text;
  timer_.cancel();
}

void Subscription::end() {
  ended_ = true;
  timer_.cancel();
}

void Subscription::check() {
  check_ = true;
  timer_.cancel();
}

Task<std::string> Subscription::next(Clock::time_point deadline, Stop& stop) {
  timer_.expires_at(std::min(deadline, identity_.valid_until));
  stop.on_stop([this] { timer_.cancel(); });
  error_code error;
  if (waiting_.empty() && !ended_ && !check_ && !stop.asked()) co_await timer_.async_wait(into(error));
  stop.on_stop({});
  if (ended_ || stop.asked() || Clock::now() >= identity_.valid_until) throw Stopped{false};
  co_return std::exchange(waiting_, {});
}

EventHub::EventHub(asio::any_io_executor executor, Pool& pool, std::size_t most_streams)
    : executor_(std::move(executor)),
      pool_(pool),
      most_streams_(most_streams),
      questions_(questions_at_once),
      // Ids of one program go on where those of the one before ended.
      last_id_(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count())) {}

std::string EventHub::reset_text() {
  return "event: reset\ndata: {}\n\n";
}

void EventHub::heard(const Notice& notice) {
  if (notice.kind == Notice::api_key) return;
  for (auto& [name, role] : roles_) {
    if (role->pending.size() < most_pending) {
      role->pending.emplace(notice.kind, notice.id);
    } else {
      role->missed = true;
    }
    if (role->asking) continue;
    asio::co_spawn(executor_, ask(role), asio::detached);
    role->asking = true;
  }
}

void EventHub::tell(const Role& role, const std::string& text) {
  for (Subscription* stream : role.streams) stream->add(text);
}

void EventHub::reset() {
  hears_ = true;
  for (auto& [name, role] : roles_) tell(*role, reset_text());
}

template <typename Condition>
void EventHub::check(Condition condition) {
  for (auto& [name, role] : roles_) {
    for (Subscription* stream : role->streams) {
      if (condition(stream->identity_)) stream->check();
    }
  }
}

void EventHub::check_key(const std::string& id) {
  check([&](const Identity& identity) { return identity.key_id == id; });
}

void EventHub::check_session(const std::string& session) {
  check([&](const Identity& identity) { return identity.session == session; });
}

void EventHub::check_all() {
  check([](const Identity&) { return true; });
}

/// Whatever goes wrong with one notification, later ones are heard.
Task<> EventHub::ask(std::shared_ptr<Role> role) {
  try {
    co_await answer(role);
  } catch (const std::exception& error) {
    limited_log().line("events", std::string("unexpected exception: ") + error.what());
    for (Subscription* stream : role->streams) stream->end();  // their clients come back and read their lists
  }
  role->asking = false;
}

Task<> EventHub::answer(const std::shared_ptr<Role>& role) {
  asio::steady_timer timer(executor_);
  while (!role->streams.empty() && (!role->pending.empty() || role->missed)) {
    timer.expires_after(gathering);
    error_code error;
    co_await timer.async_wait(into(error));
    std::set<Object> objects;
    while (!role->pending.empty() && objects.size() < most_in_a_question) {
      objects.insert(role->pending.extract(role->pending.begin()));
    }
    bool missed = std::exchange(role->missed, false);
    const bool answered = co_await ask_once(role, objects);
    if (!answered) missed = true;
    if (missed) tell(*role, reset_text());
  }
}

/// False if there was no answer, and what has happened is not known.
Task<bool> EventHub::ask_once(const std::shared_ptr<Role>& role, const std::set<Object>& objects) {
  std::array<std::string, 3> lists{"{", "{", "{"};
  for (const auto& [kind, id] : objects) {
    std::string& list = lists.at(kind == Notice::import ? 0 : kind == Notice::sync ? 1 : 2);
    if (list.size() > 1) list += ',';
    list += id;
  }
  std::vector<Value> values;
  for (std::string& list : lists) values.emplace_back(list += '}');
  while (!role->streams.empty()) {
    const std::uint64_t number = role->streams.front()->number_;
    const Identity identity = role->streams.front()->identity_;
    bool refused = false;
    Rows rows;
    try {
      const Clock::time_point deadline = Clock::now() + longest_question;
      Place place;
      const bool may_ask = co_await questions_.take(place, deadline, nullptr);
      if (!may_ask) co_return false;
      const Lease lease = co_await pool_.take(identity, deadline, nullptr);
      rows = co_await lease->run(question, values, deadline);
    } catch (const LoginFailure& failure) {
      if (failure.reason == LoginFailure::Reason::unavailable) co_return false;
      refused = true;
    } catch (const Stopped&) {
      co_return false;
    } catch (const std::exception& error) {
      limited_log().line("events", "can't ask what role " + core::quoted(identity.user) + " sees: " + error.what());
      co_return false;
    }
    if (!refused) {
      for (std::size_t r = 0; r < rows.size(); ++r) {
        tell(*role, "event: " + text_at(rows, r, 0) + "\nid: " + std::to_string(++last_id_) +
                        "\ndata: " + text_at(rows, r, 1) + "\n\n");
      }
      co_return true;
    }
    // It is asked again with another login of that role, unless it is gone meanwhile.
    const auto place = std::find_if(role->streams.begin(), role->streams.end(),
                                    [number](const Subscription* one) { return one->number_ == number; });
    if (place == role->streams.end()) continue;
    (*place)->end();
    std::rotate(place, place + 1, role->streams.end());
    if (std::all_of(role->streams.begin(), role->streams.end(), [](const Subscription* one) { return one->ended_; })) {
      co_return true;
    }
  }
  co_return true;
}

}  // namespace connector::http
