// An open connection, as core sees it.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/remote/session_connection.hpp"
#include "drivers/odbc/session.hpp"

namespace connector::odbc {

class OdbcConnection final : public core::SessionConnection<Session> {
 public:
  explicit OdbcConnection(std::unique_ptr<Session> session);

  /// As the driver tells without asking the server.
  bool closed_by_remote() const noexcept override;
  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;
};

}  // namespace connector::odbc
