// Issued keys as the database has them, read by the program's own role.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "http/database/pool.hpp"
#include "http/keys/sealed_key.hpp"

namespace connector::http {

class IssuedKeys {
 public:
  explicit IssuedKeys(const Database& database);

  /// Whether the program has a role of its own, without which there are no issued keys.
  bool available() const noexcept { return !database_.user.empty(); }

  /// As whom the key lets its holder ask; nothing if it is unknown, revoked or expired. What the database said counts
  /// for 5 seconds. Throws LoginFailure (unavailable, or no_keys without a role of the program's own or the right to
  /// read keys), and Stopped.
  Task<std::optional<Identity>> identity(const IssuedKey& key, Clock::time_point deadline);

  /// True, or throws as identity(): a key that the program can't read lets nobody in.
  Task<bool> can_be_read(Clock::time_point deadline);

  /// Whether the key of that id (as text) is still there, likewise.
  Task<bool> exists(const std::string& id, Clock::time_point deadline);

  /// Reads that key anew when it is next used; all keys.
  void forget(const std::string& id);
  void forget_all();

  /// Forgets what was read too long ago; called once a second.
  void tidy();

 private:
  struct Sealed {
    std::string role;
    std::string hash;
    std::string password;  // sealed
    Clock::time_point valid_until;
    Clock::time_point read_at;
  };
  /// Of a key that is being read: only for these it matters that they were forgotten meanwhile, as any role can notify.
  struct ReadState {
    std::size_t readers = 0;
    bool forgotten = false;
  };
  class Reading {
   public:
    Reading(std::map<std::string, ReadState>& all, const std::string& id);
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading();
    bool forgotten() const noexcept { return place_->second.forgotten; }

   private:
    std::map<std::string, ReadState>& all_;
    std::map<std::string, ReadState>::iterator place_;
  };
  Task<std::optional<Sealed>> find(const std::string& id, Clock::time_point deadline);
  Task<Rows> read(const std::string& id, Clock::time_point deadline);

  const Database& database_;
  Places places_;  // one reads at a time
  std::unique_ptr<Session> session_;
  std::map<std::string, Sealed> known_;  // by the id as text; no password can be read from it
  std::map<std::string, ReadState> reading_;
};

}  // namespace connector::http
