#include "drivers/postgres/cursors.hpp"

#include <utility>

#include <libpq-fe.h>

#include "drivers/postgres/copy_reader.hpp"
#include "drivers/postgres/savepoint.hpp"

namespace connector::postgres {

namespace {

constexpr int max_settings = 8;

/// A statement on its way, in a savepoint if the session holds a snapshot.
class RunningStatement {
 public:
  /// `in_one_message`: between begin() and end().
  RunningStatement(Session& session, bool in_one_message) : session_(session), in_one_message_(in_one_message) {}
  ~RunningStatement() {
    if (!has_ended_) session_.leave_statement(in_one_message_);
  }
  RunningStatement(const RunningStatement&) = delete;
  RunningStatement& operator=(const RunningStatement&) = delete;

  std::string begin() const { return session_.snapshot() ? savepoint::set : ""; }
  std::string end() const { return session_.snapshot() ? savepoint::release : "; COMMIT"; }
  bool has_ended() const noexcept { return has_ended_; }
  void ended() noexcept { has_ended_ = true; }

 private:
  Session& session_;
  bool in_one_message_;
  bool has_ended_ = false;
};

bool is_as_seen(const PGresult* result, const std::vector<TypeUse>& seen) {
  if (static_cast<std::size_t>(PQnfields(result)) != seen.size()) return false;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const int column = static_cast<int>(i);
    if (PQftype(result, column) != seen[i].oid || PQfmod(result, column) != seen[i].modifier) return false;
  }
  return true;
}

class CopyCursor final : public core::RemoteCursor {
 public:
  CopyCursor(Session& session, const ReadStatement& copy, std::vector<Decode> columns, std::string summary)
      : session_(session), statement_(session, true), reader_(std::move(columns)), summary_(std::move(summary)) {
    const Task executing{core::Phase::execute, summary_};
    session_.send(statement_.begin() + copy.before + copy.look + "COPY (" + copy.sql + ") TO STDOUT (FORMAT binary)" +
                      copy.after + statement_.end(),
                  executing);
    // A few settings come first.
    for (int results = 0; results < max_settings; ++results) {
      const Result result = session_.next_result(executing);
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_COPY_OUT) return;
      if (status == PGRES_TUPLES_OK && !copy.look.empty()) {
        if (!is_as_seen(result.get(), copy.seen)) throw_changed(executing.phase, executing.summary);
      } else if (status != PGRES_COMMAND_OK) {
        break;
      }
    }
    session_.stop_statement();
    throw_malformed("the server does not begin to copy", executing.phase, executing.summary);
  }

  bool fetch(core::RowBatch& batch) override {
    const Task fetching{core::Phase::fetch, summary_};
    while (!statement_.has_ended() && !reader_.fill(batch)) {
      if (CopyData next = session_.next_copy_data(fetching)) {
        reader_.add(next.bytes());
        data_ = std::move(next);
        continue;
      }
      session_.finish(fetching);
      statement_.ended();
      reader_.finish();
    }
    return !statement_.has_ended();
  }

 private:
  Session& session_;
  RunningStatement statement_;
  CopyReader reader_;
  std::string summary_;
  CopyData data_;  ///< what the reader refers to
};

class QueryCursor final : public core::RemoteCursor {
 public:
  QueryCursor(Session& session, const ReadStatement& query, std::vector<std::size_t> selected,
              std::vector<std::uint32_t> types, std::string summary)
      : session_(session),
        statement_(session, false),
        selected_(std::move(selected)),
        types_(std::move(types)),
        after_(query.after),
        summary_(std::move(summary)) {
    const Task executing{core::Phase::execute, summary_};
    session_.run(statement_.begin() + query.before, executing);
    session_.send_single_row_query(query.sql, executing);
  }

  bool fetch(core::RowBatch& batch) override {
    while (!statement_.has_ended() && !batch.full()) {
      const Result result = session_.next_result({core::Phase::fetch, summary_});
      if (!result) {
        session_.run(after_ + statement_.end(), {core::Phase::fetch, summary_});
        statement_.ended();
      } else if (PQresultStatus(result.get()) == PGRES_SINGLE_TUPLE) {
        add_row(result.get(), batch);
      } else if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
        throw_malformed("the server sends what it was not asked for");
      }
    }
    return !statement_.has_ended();
  }

 private:
  void add_row(const PGresult* result, core::RowBatch& batch) {
    check_columns(result);
    for (std::size_t i = 0; i < selected_.size(); ++i) {
      const int column = static_cast<int>(selected_[i]);
      if (PQgetisnull(result, 0, column) != 0) {
        batch.set_null(i);
      } else {
        batch.set_bytes(i, {PQgetvalue(result, 0, column), static_cast<std::size_t>(PQgetlength(result, 0, column))});
      }
    }
    batch.finish_row();
  }

  void check_columns(const PGresult* result) const {
    bool same = static_cast<std::size_t>(PQnfields(result)) == types_.size();
    for (std::size_t i = 0; same && i < types_.size(); ++i) same = PQftype(result, static_cast<int>(i)) == types_[i];
    if (!same) throw_changed(core::Phase::fetch, summary_);
  }

  Session& session_;
  RunningStatement statement_;
  std::vector<std::size_t> selected_;
  std::vector<std::uint32_t> types_;
  std::string after_;
  std::string summary_;
};

}  // namespace

std::unique_ptr<core::RemoteCursor> open_copy(Session& session, const ReadStatement& statement,
                                              std::vector<Decode> columns, std::string summary) {
  return std::make_unique<CopyCursor>(session, statement, std::move(columns), std::move(summary));
}

std::unique_ptr<core::RemoteCursor> open_query(Session& session, const ReadStatement& statement,
                                               std::vector<std::size_t> selected, std::vector<std::uint32_t> types,
                                               std::string summary) {
  return std::make_unique<QueryCursor>(session, statement, std::move(selected), std::move(types), std::move(summary));
}

}  // namespace connector::postgres
