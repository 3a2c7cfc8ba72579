#include "drivers/postgres/cursors.hpp"

#include <utility>

#include <libpq-fe.h>

#include "drivers/postgres/copy_reader.hpp"

namespace connector::postgres {

namespace {

constexpr int max_settings = 8;

class CopyCursor final : public core::RemoteCursor {
 public:
  CopyCursor(Session& session, const std::string& sql, std::vector<Decode> columns, std::string summary)
      : session_(session), reader_(std::move(columns)), summary_(std::move(summary)) {
    const Task executing{core::Phase::execute, summary_};
    session_.send(sql, executing);
    // A few settings come first.
    for (int results = 0; results < max_settings; ++results) {
      const Result result = session_.next_result(executing);
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_COPY_OUT) return;
      if (status != PGRES_COMMAND_OK) break;
    }
    session_.stop_statement();
    throw_malformed("the server does not begin to copy", executing.phase, executing.summary);
  }

  ~CopyCursor() override {
    if (session_.busy()) session_.stop_statement();
  }

  bool fetch(core::RowBatch& batch) override {
    const Task fetching{core::Phase::fetch, summary_};
    while (!finished_ && !reader_.fill(batch)) {
      if (CopyData next = session_.next_copy_data(fetching)) {
        reader_.add(next.bytes());
        data_ = std::move(next);
        continue;
      }
      session_.finish(fetching);
      finished_ = true;
      reader_.finish();
    }
    return !finished_;
  }

 private:
  Session& session_;
  CopyReader reader_;
  std::string summary_;
  CopyData data_;  ///< what the reader refers to
  bool finished_ = false;
};

class QueryCursor final : public core::RemoteCursor {
 public:
  QueryCursor(Session& session, const std::string& sql, std::vector<std::size_t> selected,
              std::vector<std::uint32_t> types, std::string summary)
      : session_(session), selected_(std::move(selected)), types_(std::move(types)), summary_(std::move(summary)) {
    session_.send_single_row_query(sql, {core::Phase::execute, summary_});
  }

  ~QueryCursor() override {
    if (session_.busy()) session_.stop_statement();
  }

  bool fetch(core::RowBatch& batch) override {
    while (!finished_ && !batch.full()) {
      const Result result = session_.next_result({core::Phase::fetch, summary_});
      if (!result) {
        finished_ = true;
        session_.run("COMMIT", {core::Phase::fetch, summary_});
      } else if (PQresultStatus(result.get()) == PGRES_SINGLE_TUPLE) {
        add_row(result.get(), batch);
      } else if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
        throw_malformed("the server sends what it was not asked for");
      }
    }
    return !finished_;
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
    if (!same) throw_malformed("the columns have changed since they were described");
  }

  Session& session_;
  std::vector<std::size_t> selected_;
  std::vector<std::uint32_t> types_;
  std::string summary_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<core::RemoteCursor> open_copy(Session& session, const std::string& sql, std::vector<Decode> columns,
                                              std::string summary) {
  return std::make_unique<CopyCursor>(session, sql, std::move(columns), std::move(summary));
}

std::unique_ptr<core::RemoteCursor> open_query(Session& session, const std::string& sql,
                                               std::vector<std::size_t> selected, std::vector<std::uint32_t> types,
                                               std::string summary) {
  return std::make_unique<QueryCursor>(session, sql, std::move(selected), std::move(types), std::move(summary));
}

}  // namespace connector::postgres
