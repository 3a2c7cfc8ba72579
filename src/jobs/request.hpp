// A request on its way in: parsed, checked against rights, roles and limits, and connected.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <optional>
#include <string>

#include "settings/settings.hpp"
#include "core/remote/provider.hpp"
#include "load/read/readers.hpp"
#include "load/read/run.hpp"
#include "pg/latch_wait.hpp"
#include "pg/tie.hpp"
#include "core/request/masked_connector.hpp"
#include "store/denied_logins.hpp"
#include "core/request/connector_reader.hpp"

namespace connector::jobs {

/// What becomes of masks, "********", where a request has its secrets.
enum class Masks {
  refused,
  kept  ///< keep_secrets() is called before the request is used for anything
};

/// The text of a json argument in UTF-8. Throws core::Error (invalid_parameters), before it is copied, if it is longer
/// than any request may be.
std::string request_text(Datum json);

/// Everything a function needs that was handed a connector JSON. Lives in that function's scope.
class Request {
 public:
  /// The current role gives a request, a Datum of type json. Parses and checks without contacting anything:
  /// length, keys and values, the right to use the connection, the provider being enabled, server files. From here on
  /// the session shows and logs its statement without the password.
  Request(Datum json, core::RequestKind kind, Masks masks = Masks::refused);
  /// The current role runs a request that was stored, by itself or by another role, with the lesser of both roles'
  /// trust. Checks the same again.
  Request(const core::StoredRequest& stored, core::RequestKind kind);

  const core::ConnectorSpec& spec() const noexcept { return spec_; }
  const core::Provider& provider() const noexcept { return *provider_; }
  /// The request as it may be shown and stored: compact JSON, UTF-8, secrets masked.
  const std::string& masked() const noexcept { return stored_.masked; }
  /// The request as it is kept for later.
  const core::StoredRequest& stored() const noexcept { return stored_; }
  /// Puts secrets of `kept`, which the same role has stored, in the places of masks. Throws Error (invalid_parameters)
  /// if they would go anywhere else than before.
  void keep_secrets(const core::StoredRequest& kept);
  /// The account that it logs in with, and who gave the password: the mapping of a named server, else `role`, whose
  /// request it is.
  store::Login login(Oid role) const;
  /// Limits of settings, role and request together.
  load::LoadLimits limits() const;

  /// Connects; the connection ends with this object or the transaction.
  core::Connection& connect();

  /// Connects, for a run that `caller` asked for. This object outlives it.
  load::Run run(Oid caller, load::Progress& progress);

 private:
  Request(core::RequestKind kind, bool trusted);
  std::unique_ptr<core::Connection> new_connection(core::Wait& wait) const;
  void check_rights();
  void resolve_connection();

  settings::Settings settings_;
  core::RequestKind kind_;
  core::ConnectorSpec spec_;
  core::StoredRequest stored_;
  bool trusted_;
  bool may_use_tickets_;
  const core::Provider* provider_ = nullptr;
  std::int64_t role_max_rows_ = 0;
  Oid mapping_ = InvalidOid;
  std::string mapping_version_;
  pg::LatchWait wait_;
  pg::Tied<core::Connection> connection_;
  std::optional<load::Readers> readers_;
};

}  // namespace connector::jobs
