// An authenticated session, as core sees it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/remote/session_connection.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

class PostgresConnection final : public core::SessionConnection<Session> {
 public:
  explicit PostgresConnection(std::unique_ptr<Session> session) : SessionConnection(std::move(session), "postgres") {}

  bool survives_early_end() const noexcept override { return true; }
  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;
  std::string begin_snapshot(const std::string& shared) override;
  void end_snapshot() noexcept override;
  core::StateOffer offer_state(const core::SourceRequest& of, int way) override;
  std::string join_state(const std::string& token) override;
  void end_offer() override;
  void describe_schema(std::string_view schema, const core::TableParts& parts,
                       const std::function<bool(const core::RemoteTable&)>& wanted,
                       const std::function<void(const core::DescribedTable&)>& found) override;
};

}  // namespace connector::postgres
