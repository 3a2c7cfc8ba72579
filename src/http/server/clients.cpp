#include "http/server/clients.hpp"

#include <algorithm>
#include <vector>

namespace connector::http {

namespace {

std::string group_of(const Client& client) {
  if (!client.counts_by_address) return {};
  if (!client.address.is_v6() || client.address.to_v6().is_v4_mapped()) return client.address.to_string();
  const asio::ip::address_v6::bytes_type bytes = client.address.to_v6().to_bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size() / 2};
}

}  // namespace

bool Clients::add(Client& client) {
  if (closing_) return false;
  Entry entry{.client = &client, .group = group_of(client)};
  if (!entry.group.empty()) {
    const auto group = groups_.find(entry.group);
    if (group != groups_.end() && group->second >= most_of_one_ && !make_room(&entry.group)) return false;
  }
  if (count_ >= most_ && !make_room(nullptr)) return false;
  if (!entry.group.empty()) ++groups_[entry.group];
  ++count_;
  entries_.push_back(std::move(entry));
  return true;
}

void Clients::remove(Client& client) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.client == &client; });
  if (found == entries_.end()) return;
  forget(*found);
  entries_.erase(found);
  if (closing_ && entries_.empty() && when_empty_) when_empty_();
}

/// Has the one leave that has been waiting longest, of all or of one group.
bool Clients::make_room(const std::string* group) {
  Entry* longest = nullptr;
  for (Entry& entry : entries_) {
    if (entry.leaving || entry.client->phase != Client::Phase::waiting) continue;
    if (group != nullptr && entry.group != *group) continue;
    if (longest == nullptr || entry.client->since < longest->client->since) longest = &entry;
  }
  if (longest == nullptr) return false;
  forget(*longest);
  longest->client->leave();
  return true;
}

void Clients::forget(Entry& entry) {
  if (entry.leaving) return;
  entry.leaving = true;
  --count_;
  if (entry.group.empty()) return;
  const auto group = groups_.find(entry.group);
  if (--group->second == 0) groups_.erase(group);
}

void Clients::tick() {
  const Clock::time_point now = Clock::now();
  for (const Entry& entry : entries_) {
    // Once a second until it goes on: what is cancelled between two steps of a read or a write does not notice.
    if (entry.client->deadline <= now) entry.client->expire();
  }
}

void Clients::close() {
  closing_ = true;
  for (const Entry& entry : entries_) {
    if (entry.client->phase != Client::Phase::working) entry.client->leave();
  }
  if (entries_.empty() && when_empty_) when_empty_();
}

void Clients::leave_all() {
  for (const Entry& entry : entries_) entry.client->leave();
}

void Clients::when_empty(std::function<void()> callback) {
  when_empty_ = std::move(callback);
}

}  // namespace connector::http
