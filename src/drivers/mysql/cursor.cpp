#include "drivers/mysql/cursor.hpp"

#include <utility>

#include "drivers/mysql/warnings.hpp"

namespace connector::mysql {

MysqlCursor::MysqlCursor(Session& session, std::shared_ptr<Statement> statement, std::string summary)
    : session_(session), statement_(std::move(statement)), summary_(std::move(summary)) {}

MysqlCursor::~MysqlCursor() {
  if (statement_->is_open()) session_.stop_statement();
}

std::vector<Field> MysqlCursor::execute() {
  statement_->execute(summary_);
  return statement_->fields();
}

bool MysqlCursor::fetch(core::RowBatch& batch) {
  bool more = true;
  session_.call(
      [&] {
        while (more && !batch.full()) {
          const std::span<const unsigned char> row = statement_->next_row();
          more = !row.empty();
          if (!more) break;
          if (passed_over_ > 0) {
            --passed_over_;
          } else {
            decoder_->decode(row, batch);
          }
        }
      },
      Session::any_bytes);
  if (!more && statement_->warnings() > 0) warnings_ = read_warnings(session_, statement_->warnings(), summary_);
  return more;
}

std::span<const std::uint64_t> MysqlCursor::substitutions(std::size_t kind) const {
  return decoder_->substitutions(static_cast<Substitution>(kind));
}

}  // namespace connector::mysql
