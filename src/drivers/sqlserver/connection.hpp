// An authenticated session, as core sees it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/session_connection.hpp"
#include "drivers/sqlserver/session.hpp"

namespace connector::sqlserver {

class SqlServerConnection final : public core::SessionConnection<Session> {
 public:
  SqlServerConnection(std::unique_ptr<Session> session, std::string database, bool has_snapshot_readers);

  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;
  /// Locks the table against changes, a second at most: the snapshots that begin meanwhile all show the same rows.
  core::StateOffer offer_state(const core::SourceRequest& of, int way) override;
  std::string join_state(const std::string& token) override;
  void end_offer() override;

 private:
  std::string database_;
  bool has_snapshot_readers_;
};

}  // namespace connector::sqlserver
