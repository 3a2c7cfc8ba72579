// The rows of a statement, read as a stream of binary rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/mysql/row_decoder.hpp"
#include "drivers/mysql/session.hpp"
#include "drivers/mysql/statement.hpp"

namespace connector::mysql {

/// The rows of a statement.
class MysqlCursor final : public core::RemoteCursor {
 public:
  MysqlCursor(Session& session, std::shared_ptr<Statement> statement, std::string summary);
  /// Stops the remote statement if rows are left; then the session is of no more use.
  ~MysqlCursor() override;

  /// Runs the statement; gives the columns that its rows have.
  std::vector<Field> execute();
  /// The first rows are left out, so many. To be called before rows are fetched.
  void pass_over(std::int64_t rows) { passed_over_ = rows; }
  /// Likewise.
  void set_decoder(RowDecoder decoder) { decoder_.emplace(std::move(decoder)); }

  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> substitutions(std::size_t kind) const override;
  std::vector<core::RemoteWarning> warnings() const override { return warnings_; }

 private:
  Session& session_;
  std::shared_ptr<Statement> statement_;
  std::optional<RowDecoder> decoder_;
  std::string summary_;
  std::int64_t passed_over_ = 0;  ///< are still to be
  std::vector<core::RemoteWarning> warnings_;
};

}  // namespace connector::mysql
