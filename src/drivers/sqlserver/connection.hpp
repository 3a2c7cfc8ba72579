// An authenticated session, as core sees it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/sqlserver/session.hpp"

namespace connector::sqlserver {

class SqlServerConnection final : public core::Connection {
 public:
  SqlServerConnection(std::unique_ptr<Session> session, std::string database);

  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;

 private:
  Session& session();

  std::unique_ptr<Session> session_;
  std::string database_;
};

}  // namespace connector::sqlserver
