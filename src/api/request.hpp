// A request on its way in: parsed, checked against rights, roles and limits, and connected.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <string>

#include "api/settings.hpp"
#include "core/provider.hpp"
#include "load/import.hpp"
#include "pg/latch_wait.hpp"
#include "pg/tie.hpp"

namespace connector::api {

/// Everything a function needs that was handed a connector JSON. Lives in that function's scope.
class Request {
 public:
  /// Parses and checks (SPEC 3, 8) without contacting anything: keys and values, the right to use the connection, the
  /// provider being enabled, server files. From here on the session shows and logs its statement without the password.
  Request(Datum json, core::RequestKind kind);
  /// The same for UTF-8 text, of a request that was stored.
  Request(const std::string& json, core::RequestKind kind);

  const core::ConnectorSpec& spec() const noexcept { return spec_; }
  const core::Provider& provider() const noexcept { return *provider_; }
  /// The request as it may be shown and stored: compact JSON, UTF-8, secrets masked.
  const std::string& masked() const noexcept { return masked_; }
  /// Limits of settings, role and request together.
  load::ImportLimits limits() const;
  pg::LatchWait& wait() noexcept { return wait_; }

  /// Connects; the connection ends with this object or the transaction.
  core::Connection& connect();

 private:
  void resolve_connection();
  void check_provider_enabled();

  Settings settings_;
  core::ConnectorSpec spec_;
  std::string masked_;
  const core::Provider* provider_ = nullptr;
  std::int64_t role_max_rows_ = 0;
  pg::LatchWait wait_;
  pg::Tied<core::Connection> connection_;
};

}  // namespace connector::api
