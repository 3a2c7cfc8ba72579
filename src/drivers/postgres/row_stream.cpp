#include "drivers/postgres/row_stream.hpp"

#include <algorithm>
#include <utility>

#include <libpq-fe.h>

namespace connector::postgres {

namespace {

class CopyStream final : public RowStream {
 public:
  CopyStream(Session& session, const std::string& sql, std::vector<Decode> columns, std::string summary)
      : session_(session), decoder_(std::move(columns)), summary_(std::move(summary)) {
    const Doing executing{core::Phase::execute, summary_};
    session_.send(sql, executing);
    while (const Result result = session_.next_result(executing)) {
      if (PQresultStatus(result.get()) == PGRES_COPY_OUT) return;
    }
    throw_malformed("the server does not begin to copy");
  }

  bool fetch(core::RowBatch& batch) override {
    if (finished_) return false;
    while (!batch.full()) {
      if (!decoder_.at_end() && rest_.size() >= decoder_.needed()) {
        rest_ = rest_.subspan(decoder_.decode(rest_, batch));
      } else if (decoder_.at_end() && !rest_.empty()) {
        throw_malformed("the server sends something behind its rows");
      } else if (!read_more()) {
        finish();
        return false;
      }
    }
    return true;
  }

 private:
  /// The server sends each row in a message of its own, but need not.
  bool read_more() {
    CopyData next = session_.next_copy_data({core::Phase::fetch, summary_});
    if (!next) return false;
    if (rest_.empty()) {
      data_ = std::move(next);
      rest_ = data_.bytes();
      if (std::exchange(in_pieces_, false)) pieces_ = {};
      return true;
    }
    if (in_pieces_) {
      pieces_.erase(pieces_.begin(), pieces_.end() - static_cast<std::ptrdiff_t>(rest_.size()));
    } else {
      pieces_.assign(rest_.begin(), rest_.end());
    }
    const auto bytes = next.bytes();
    pieces_.insert(pieces_.end(), bytes.begin(), bytes.end());
    rest_ = pieces_;
    in_pieces_ = true;
    return true;
  }

  void finish() {
    const Doing fetching{core::Phase::fetch, summary_};
    while (session_.next_result(fetching)) {
    }
    finished_ = true;
    if (!decoder_.at_end()) throw_malformed("the rows of the server end too early");
  }

  Session& session_;
  RowDecoder decoder_;
  std::string summary_;
  CopyData data_;
  std::vector<unsigned char> pieces_;
  std::span<const unsigned char> rest_;  ///< of data_ or pieces_
  bool in_pieces_ = false;
  bool finished_ = false;
};

class QueryStream final : public RowStream {
 public:
  QueryStream(Session& session, const std::string& sql, std::vector<std::size_t> selected,
              std::vector<std::uint32_t> types, std::string summary)
      : session_(session), selected_(std::move(selected)), types_(std::move(types)), summary_(std::move(summary)) {
    session_.send_single_row_query(sql, {core::Phase::execute, summary_});
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

std::unique_ptr<RowStream> open_copy(Session& session, const std::string& sql, std::vector<Decode> columns,
                                     std::string summary) {
  return std::make_unique<CopyStream>(session, sql, std::move(columns), std::move(summary));
}

std::unique_ptr<RowStream> open_query(Session& session, const std::string& sql, std::vector<std::size_t> selected,
                                      std::vector<std::uint32_t> types, std::string summary) {
  return std::make_unique<QueryStream>(session, sql, std::move(selected), std::move(types), std::move(summary));
}

}  // namespace connector::postgres
