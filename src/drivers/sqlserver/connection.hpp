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
  SqlServerConnection(std::unique_ptr<Session> session, std::string database);

  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;

 private:
  std::string database_;
};

}  // namespace connector::sqlserver
