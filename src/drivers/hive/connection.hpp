// An authenticated session, as core sees it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/remote/session_connection.hpp"
#include "drivers/hive/session.hpp"

namespace connector::hive {

class HiveConnection final : public core::SessionConnection<Session> {
 public:
  explicit HiveConnection(std::unique_ptr<Session> session);

  bool survives_early_end() const noexcept override { return true; }
  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;

 private:
  std::string_view default_schema();
  bool is_null_test_exact();

  std::optional<bool> is_null_test_exact_;  ///< what that has found
};

}  // namespace connector::hive
