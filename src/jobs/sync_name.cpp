#include "jobs/sync_name.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "core/request/request_reader.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "store/sync_names.hpp"

extern "C" {
#include "catalog/pg_foreign_server.h"
#include "common/hashfn.h"
#include "storage/lock.h"
}

namespace connector::jobs {

namespace {

constexpr std::size_t max_name_bytes = 200;

core::Error bad_name(const std::string& detail) {
  return core::Error(core::ErrorNumber::invalid_parameters, "invalid name of a sync", detail);
}

/// No real lock on a pg_foreign_server row has a sub-id.
LOCKTAG tag_of(Oid role, uint16 sub_id) {
  LOCKTAG tag;
  SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ForeignServerRelationId, role, sub_id);
  return tag;
}

/// The sub-ids of single names are odd.
constexpr uint16 all_names = 2;

/// Names of a role are told apart by a hash: a clash only makes two of them share a lock, and never those of two roles.
void lock(Oid role, const std::string& name) {
  pg::guard([&] {
    const LOCKTAG all = tag_of(role, all_names);
    if (connector_lock_held(&all, ExclusiveLock)) return;
    LockAcquire(&all, RowExclusiveLock, false, false);
    const uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()));
    const LOCKTAG one = tag_of(role, static_cast<uint16>(hash | 1));
    LockAcquire(&one, ExclusiveLock, false, false);
  });
}

}  // namespace

void lock_all_sync_names(Oid role) {
  pg::guard([=] {
    const LOCKTAG all = tag_of(role, all_names);
    LockAcquire(&all, ExclusiveLock, false, false);
  });
}

bool looks_like_uuid(std::string_view text) {
  if (text.size() > 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
  constexpr std::string_view digits = "0123456789abcdefABCDEF";
  const auto count = std::ranges::count_if(text, [&](char c) { return digits.find(c) != std::string_view::npos; });
  const auto dashes = std::ranges::count(text, '-');
  return count == 32 && static_cast<std::size_t>(count + dashes) == text.size();
}

void check_sync_name(const std::string& name) {
  if (core::is_blank(name)) throw bad_name("It is blank.");
  if (name.size() > max_name_bytes) throw bad_name("It is longer than " + std::to_string(max_name_bytes) + " bytes.");
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; })) {
    throw bad_name("It holds a control character.");
  }
  if (looks_like_uuid(name)) throw bad_name("A name that looks like a uuid would be taken for the id of a sync.");
}

std::optional<std::string> lock_sync_name(Oid role, const std::string& name) {
  lock(role, name);
  std::vector<std::string> own;
  for (const store::NamedSync& sync : store::syncs_named(name, pg::Sees::latest)) {
    if (sync.owner == role) own.push_back(sync.id);
  }
  if (own.empty()) return std::nullopt;
  if (own.size() == 1) return own.front();
  throw core::Error(core::ErrorNumber::invalid_parameters,
                    "there are " + std::to_string(own.size()) + " syncs with name " + core::quoted(name),
                    "Their ids are " + core::joined(own) + ".",
                    "Give one of them another name: SELECT cdb_sync_update('" + own.front() + "', name => '…').");
}

std::string free_sync_name(Oid role, std::string_view wanted) {
  constexpr std::size_t longest_suffix = 11;
  const std::string base(core::truncate_utf8(wanted, max_name_bytes - longest_suffix));
  std::string name = base;
  for (int i = 1;; ++i) {
    lock(role, name);
    const std::vector<store::NamedSync> named = store::syncs_named(name, pg::Sees::latest);
    if (std::ranges::none_of(named, [=](const store::NamedSync& sync) { return sync.owner == role; })) return name;
    name = base + "_" + std::to_string(i);
  }
}

}  // namespace connector::jobs
