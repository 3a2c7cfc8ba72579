// What the connections of all drivers have in common: a session, which can be lost.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.hpp"
#include "core/net/stale_socket.hpp"
#include "core/remote/provider.hpp"

namespace connector::core {

/// The base of a driver's connection. `Session` is the driver's; its usable() is false once it was given up.
template <typename Session>
class SessionConnection : public Connection {
 public:
  bool usable() const noexcept override { return session_->usable(); }
  bool closed_by_remote() const noexcept override { return is_stale(session_->idle_socket(), false); }

 protected:
  /// `provider`: its id.
  SessionConnection(std::unique_ptr<Session> session, std::string_view provider)
      : session_(std::move(session)), provider_(provider) {}

  /// The session, given up or not.
  Session& any_session() noexcept { return *session_; }
  const Session& any_session() const noexcept { return *session_; }
  /// Throws Error (cannot_read) if the session was given up: an interrupt costs it, and a cursor that was left in the
  /// middle.
  Session& session() {
    if (session_->usable()) return *session_;
    throw Error(ErrorNumber::cannot_read, "the connection to the server was given up",
                "Provider " + std::string(provider_) + ", phase connect.", "Connect again.");
  }

 private:
  std::unique_ptr<Session> session_;
  std::string_view provider_;
};

}  // namespace connector::core
