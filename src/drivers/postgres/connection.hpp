// An authenticated session, as core sees it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

class PostgresConnection final : public core::Connection {
 public:
  explicit PostgresConnection(std::unique_ptr<Session> session) : session_(std::move(session)) {}

  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;

 private:
  std::unique_ptr<Session> session_;
};

}  // namespace connector::postgres
