// An authenticated session, as core sees it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/session_connection.hpp"
#include "drivers/mysql/session.hpp"

namespace connector::mysql {

class MysqlConnection final : public core::SessionConnection<Session> {
 public:
  /// `database` of the request; may be empty.
  MysqlConnection(std::unique_ptr<Session> session, std::string database);

  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;
  void describe_schema(std::string_view schema, const core::TableParts& parts,
                       const std::function<bool(const core::RemoteTable&)>& wanted,
                       const std::function<void(const core::DescribedTable&)>& found) override;
  core::StateOffer offer_state(const core::SourceRequest& of, int way) override;
  std::string join_state(const std::string& token) override;
  void end_offer() override;

 private:
  std::string_view schema_of(const core::SourceRequest& request) const noexcept;

  std::string database_;
  bool locks_ = false;    ///< a table, for a state that is offered
  std::string joined_{};  ///< what it has joined and not begun to read
};

}  // namespace connector::mysql
