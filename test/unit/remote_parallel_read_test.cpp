// Several connections of a toy provider, whose answers come when the test wants.
#include "core/remote/parallel_read.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <stdexcept>

#include <gtest/gtest.h>

#include "core/remote/common_state.hpp"

namespace connector::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

/// What the toys share, and what is counted of them. A part is called by the number of its rows, "x30".
struct Remote {
  int batches_before_failure = -1;  ///< of the part "bad"
  milliseconds pause{0};            ///< before each batch
  std::string slow_part{};          ///< not empty: only before those of this one
  milliseconds clean_up{0};         ///< that it takes to end a cursor, or a connection
  int cleaning_up = 0;
  int most_cleaning_up = 0;
  int open_cursors = 0;
  int open_connections = 0;
  std::vector<std::string> opened{};
  std::vector<std::int64_t> limits{};
  std::uint64_t fetched = 0;
};

/// What stops a statement of a remote that does not answer.
void clean_up(Remote& remote) {
  if (remote.clean_up.count() == 0) return;
  remote.most_cleaning_up = std::max(remote.most_cleaning_up, ++remote.cleaning_up);
  PollWait().Wait::wait(-1, wait_none, Clock::now() + remote.clean_up);
  --remote.cleaning_up;
}

class ToyCursor final : public RemoteCursor {
 public:
  ToyCursor(Remote& remote, Wait& wait, const Scan& scan) : remote_(remote), wait_(wait), part_(scan.part) {
    ++remote_.open_cursors;
    remote_.opened.push_back(part_);
    if (scan.limit) remote_.limits.push_back(*scan.limit);
    left_ = part_ == "bad" ? 1'000'000 : std::stoll(part_.substr(part_.find('x') + 1));
    if (scan.limit) left_ = std::min(left_, *scan.limit);
  }
  ~ToyCursor() override {
    clean_up(remote_);
    --remote_.open_cursors;
  }

  bool fetch(RowBatch& batch) override {
    const bool is_slow = remote_.slow_part.empty() || remote_.slow_part == part_;
    const milliseconds pause = is_slow ? remote_.pause : milliseconds(0);
    wait_.check();
    if (pause.count() > 0) wait_.Wait::wait(-1, wait_none, Clock::now() + pause);
    if (part_ == "bad" && remote_.batches_before_failure-- == 0) {
      throw Error(ErrorNumber::cannot_read, "the server closed the connection");
    }
    while (left_ > 0 && !batch.full()) {
      --left_;
      ++remote_.fetched;
      if (part_.starts_with("invalid")) {
        batch.set_invalid(0, "is no number", "x");
      } else {
        batch.set_int(0, left_);
      }
      batch.finish_row();
      ++counts_[0];
    }
    return left_ > 0;
  }
  std::span<const std::uint64_t> substitutions(std::size_t /*kind*/) const override { return counts_; }
  std::vector<RemoteWarning> warnings() const override { return {{.code = 7, .message = "hm", .count = 1}}; }

 private:
  Remote& remote_;
  Wait& wait_;
  std::string part_;
  std::int64_t left_ = 0;
  std::array<std::uint64_t, 1> counts_{};
};

class ToySource final : public Source {
 public:
  ToySource(Remote& remote, Wait& wait) : remote_(remote), wait_(wait) {}
  const SourceDescription& description() const override { return description_; }
  std::unique_ptr<RemoteCursor> open(const Scan& scan) override {
    return std::make_unique<ToyCursor>(remote_, wait_, scan);
  }

 private:
  Remote& remote_;
  Wait& wait_;
  SourceDescription description_;
};

class ToyConnection final : public Connection {
 public:
  explicit ToyConnection(Remote& remote) : remote_(remote) { ++remote_.open_connections; }
  ~ToyConnection() override {
    clean_up(remote_);
    --remote_.open_connections;
  }
  void check() override {}
  bool usable() const noexcept override { return is_usable; }
  std::vector<RemoteTable> list_tables(std::string_view /*schema*/, std::int64_t /*limit*/) override { return {}; }
  std::unique_ptr<Source> describe(const SourceRequest& /*request*/) override { return nullptr; }
  StateOffer offer_state(const SourceRequest& /*of*/, int way) override {
    calls.push_back("offer " + std::to_string(way));
    return offer(way);
  }
  std::string join_state(const std::string& token) override {
    calls.push_back("join " + token);
    return join(token);
  }
  void end_offer() override {
    calls.emplace_back("end");
    if (at_end) at_end();
  }

  std::function<StateOffer(int)> offer;
  std::function<std::string(const std::string&)> join;
  std::function<void()> at_end;
  std::vector<std::string> calls;
  bool is_usable = true;

 private:
  Remote& remote_;
};

class InterruptibleWait final : public Wait {
 public:
  using Wait::wait;
  bool wait(std::span<WaitSocket> sockets, Deadline deadline) override {
    if (waits_before_interrupt-- == 0) throw Interrupted{};
    return poll_.wait(sockets, deadline);
  }
  void check() override {}
  int waits_before_interrupt = -1;

 private:
  PollWait poll_;
};

class ParallelReadTest : public ::testing::Test {
 protected:
  FurtherConnections connect(std::size_t count) {
    FurtherConnections connections;
    for (std::size_t i = 0; i < count; ++i) {
      auto& one = *connections.emplace_back(
          std::make_unique<FurtherConnection>(wait_, seconds(0), std::function<RunPoint()>()));
      one.connection = std::make_unique<ToyConnection>(remote_);
      one.source = std::make_unique<ToySource>(remote_, one.wait);
    }
    return connections;
  }
  ParallelRead& read(std::size_t readers, std::vector<std::string> parts, std::optional<std::uint64_t> max_rows = {},
                     InvalidValues invalid_values = InvalidValues::error) {
    connections_ = connect(readers);
    read_.emplace(connections_, wait_);
    read_->open({.scan = {.columns = {0}}, .parts = std::move(parts), .max_rows = max_rows, .substitution_kinds = 1},
                {.columns = {{.name = "n", .type = {.kind = TypeKind::int8}}},
                 .invalid_values = invalid_values,
                 .max_rows = 10,
                 .max_bytes = 1 << 20});
    return *read_;
  }
  std::uint64_t rows(ParallelRead& read) {
    std::uint64_t count = 0;
    while (RowBatch* batch = read.next()) count += batch->rows();
    return count;
  }
  void end() {
    read_.reset();
    EXPECT_EQ(remote_.open_cursors, 0);
    connections_.clear();
    EXPECT_EQ(remote_.open_connections, 0);
  }

  Remote remote_;
  InterruptibleWait wait_;
  FurtherConnections connections_;
  std::optional<ParallelRead> read_;
};

TEST_F(ParallelReadTest, EachRowOfEachPartComesOnce) {
  remote_.pause = milliseconds(1);
  std::map<std::int64_t, int> seen;
  ParallelRead& parts = read(3, {"x25", "x0", "x30", "x1", "x10", "x0", "x7"});
  while (RowBatch* batch = parts.next()) {
    EXPECT_LE(batch->rows(), 10U);
    for (const std::uint64_t value : batch->values(0)) ++seen[static_cast<std::int64_t>(value)];
  }
  for (std::int64_t row = 0; row < 30; ++row) {
    int expected = 0;
    for (const int rows_of_part : {25, 30, 1, 10, 7}) expected += row < rows_of_part ? 1 : 0;
    EXPECT_EQ(seen[row], expected) << row;
  }
  EXPECT_EQ(parts.next(), nullptr);
  EXPECT_EQ(parts.substitutions(0), (std::vector<std::uint64_t>{73}));
  ASSERT_EQ(parts.warnings().size(), 1U);
  EXPECT_EQ(parts.warnings()[0].count, 7U);
  EXPECT_FALSE(parts.has_another_row());
  EXPECT_TRUE(remote_.limits.empty());
  std::ranges::sort(remote_.opened);
  EXPECT_EQ(remote_.opened, (std::vector<std::string>{"x0", "x0", "x1", "x10", "x25", "x30", "x7"}));
  end();
}

TEST_F(ParallelReadTest, MoreConnectionsThanParts) {
  EXPECT_EQ(rows(read(5, {"x12", "x3"})), 15U);
  end();
}

TEST_F(ParallelReadTest, ALimitIsKeptExactly) {
  for (const std::uint64_t limit : {1, 9, 10, 11, 35, 99, 100, 101, 1000}) {
    for (const int pause : {0, 1}) {
      remote_ = {};
      remote_.pause = milliseconds(pause);
      ParallelRead& parts = read(4, {"x20", "x0", "x20", "x20", "x20", "x20"}, limit);
      EXPECT_EQ(rows(parts), std::min<std::uint64_t>(limit, 100)) << limit;
      EXPECT_EQ(remote_.fetched, std::min<std::uint64_t>(limit, 100)) << limit;
      EXPECT_EQ(parts.substitutions(0), (std::vector<std::uint64_t>{std::min<std::uint64_t>(limit, 100)}));
      EXPECT_EQ(parts.has_another_row(), limit < 100) << limit;
      for (const std::int64_t pushed : remote_.limits) EXPECT_LE(pushed, static_cast<std::int64_t>(limit) + 1);
      end();
    }
  }
}

TEST_F(ParallelReadTest, TheRowBehindTheLimitMayBeInAPartThatNobodyHasOpened) {
  ParallelRead& parts = read(2, {"x10", "x10", "x0", "x0", "x0", "x1"}, 20);
  EXPECT_EQ(rows(parts), 20U);
  EXPECT_TRUE(parts.has_another_row());
  end();
}

TEST_F(ParallelReadTest, ARowThatCanNotBeStoredIsAnotherRow) {
  ParallelRead& parts = read(2, {"x10", "x10", "invalidx1"}, 20);
  EXPECT_EQ(rows(parts), 20U);
  EXPECT_TRUE(parts.has_another_row());
  end();
}

TEST_F(ParallelReadTest, InvalidValuesAreCountedOverAllConnections) {
  ParallelRead& parts = read(3, {"invalidx15", "x10", "invalidx8", "invalidx1"}, std::nullopt, InvalidValues::null);
  EXPECT_EQ(rows(parts), 34U);
  EXPECT_EQ(parts.invalid_counts(), (std::vector<std::uint64_t>{24}));
  end();
}

TEST_F(ParallelReadTest, AnErrorOfOneConnectionIsTheReads) {
  remote_.pause = milliseconds(1);
  remote_.batches_before_failure = 3;
  ParallelRead& parts = read(3, {"x1000", "bad", "x1000", "x1000"});
  try {
    rows(parts);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the server closed the connection");
  }
  EXPECT_GT(remote_.open_cursors, 1);
  end();
}

TEST_F(ParallelReadTest, AnInterruptLeavesNothing) {
  remote_.pause = milliseconds(1);
  wait_.waits_before_interrupt = 5;
  EXPECT_THROW(rows(read(3, {"x1000", "x1000", "x1000", "x1000"})), Interrupted);
  EXPECT_EQ(remote_.open_cursors, 3);
  end();
}

TEST_F(ParallelReadTest, AllAreStoppedTogether) {
  remote_.pause = milliseconds(1);
  remote_.clean_up = milliseconds(30);
  EXPECT_NE(read(8, std::vector<std::string>(8, "x1000")).next(), nullptr);
  end();
  EXPECT_EQ(remote_.most_cleaning_up, 8);
}

TEST_F(ParallelReadTest, LeftInTheMiddleItLeavesNothing) {
  remote_.pause = milliseconds(1);
  ParallelRead& parts = read(3, {"x1000", "x1000", "x1000", "x1000"});
  EXPECT_NE(parts.next(), nullptr);
  end();
}

TEST_F(ParallelReadTest, AFastConnectionKeepsNobodyFromItsTurn) {
  // One never waits; the other one has waited long enough whenever the caller comes back.
  remote_.pause = milliseconds(1);
  remote_.slow_part = "x50";
  ParallelRead& parts = read(2, {"x100000", "x50"});
  std::uint64_t slow = 0;
  int batches = 0;
  while (slow < 50) {
    RowBatch* batch = parts.next();
    ASSERT_NE(batch, nullptr);
    slow += batch->values(0)[0] < 50 ? batch->rows() : 0;
    ASSERT_LE(++batches, 20);
    usleep(2000);
  }
  end();
}

TEST_F(ParallelReadTest, AnInterruptWhileConnectionsWorkTogether) {
  FurtherConnections connections = connect(3);
  int ended = 0;
  wait_.waits_before_interrupt = 0;
  const auto wait_for_ever = [&](FurtherConnection& one) {
    struct AtEnd {
      int& count;
      ~AtEnd() { ++count; }
    } at_end{ended};
    one.wait.Wait::wait(-1, wait_none, no_deadline);
  };
  EXPECT_THROW(run_together(each_of(connections), wait_for_ever, wait_), Interrupted);
  EXPECT_EQ(ended, 3);
}

TEST_F(ParallelReadTest, WhatOneThrowsKeepsTheOthersFromNothing) {
  FurtherConnections connections = connect(3);
  int ended = 0;
  const auto work = [&](FurtherConnection& one) {
    if (&one == connections[1].get()) throw Error(ErrorNumber::cannot_connect, "too many connections");
    one.wait.Wait::wait(-1, wait_none, Clock::now() + milliseconds(5));
    ++ended;
  };
  const auto thrown = run_together(each_of(connections), work, wait_);
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(first_error(thrown), "too many connections");
  EXPECT_FALSE(thrown[0]);
  EXPECT_TRUE(thrown[1]);
}

class CommonStateTest : public ParallelReadTest {
 protected:
  CommonStateTest() : offering_(remote_) {
    connections_ = connect(3);
    offering_.offer = [](int way) { return StateOffer{.token = "t" + std::to_string(way)}; };
    for (const auto& one : connections_) toy(*one).join = [](const std::string& token) { return "at " + token; };
  }
  static ToyConnection& toy(FurtherConnection& one) { return static_cast<ToyConnection&>(*one.connection); }
  /// It gets no answer when it joins.
  void hang(FurtherConnection& one) {
    toy(one).join = [this, &one](const std::string&) {
      struct AtEnd {
        std::vector<std::string>& calls;
        ~AtEnd() { calls.emplace_back("left"); }
      } at_end{offering_.calls};
      one.wait.Wait::wait(-1, wait_none, no_deadline);
      return std::string();
    };
  }
  std::string come() { return come_to_one_state(offering_, {}, connections_, wait_); }

  ToyConnection offering_;
};

TEST_F(CommonStateTest, AllJoinAndTheOfferEnds) {
  EXPECT_EQ(come(), "");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end"}));
  for (const auto& one : connections_) EXPECT_EQ(toy(*one).calls, std::vector<std::string>{"join t0"});
}

TEST_F(CommonStateTest, WhoseMarksDifferJoinAgain) {
  int joins = 0;
  for (const auto& one : connections_) {
    // Somebody writes between the second and the third.
    toy(*one).join = [&](const std::string&) { return std::to_string(++joins > 2 ? 2 : 1); };
  }
  EXPECT_EQ(come(), "");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end"}));
  EXPECT_EQ(joins, 6);
}

TEST_F(CommonStateTest, TheNextWayIsTriedWhereMarksKeepDiffering) {
  int joins = 0;
  for (const auto& one : connections_) {
    toy(*one).join = [&](const std::string& token) { return token == "t0" ? std::to_string(++joins) : "locked"; };
  }
  EXPECT_EQ(come(), "");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end", "offer 1", "end"}));
  EXPECT_EQ(joins, 18);
}

TEST_F(CommonStateTest, ReasonsOfAllWaysAreTold) {
  toy(*connections_[1]).join = [](const std::string&) -> std::string {
    throw Error(ErrorNumber::cannot_read, "the snapshot is not there");
  };
  offering_.offer = [](int way) {
    return way == 0 ? StateOffer{.token = "t"} : StateOffer{.why_not = "the account may not lock tables"};
  };
  EXPECT_EQ(come(), "the snapshot is not there; the account may not lock tables");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end", "offer 1"}));
}

TEST_F(CommonStateTest, NoOtherWayIsTriedWithoutOneOfTheConnections) {
  toy(*connections_[1]).join = [this](const std::string&) -> std::string {
    toy(*connections_[1]).is_usable = false;
    throw Error(ErrorNumber::cannot_read, "the pool has closed the connection");
  };
  EXPECT_EQ(come(), "the pool has closed the connection");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end"}));
}

TEST_F(CommonStateTest, NothingIsOfferedByDefault) {
  offering_.offer = [](int) { return StateOffer{.why_not = "there is none"}; };
  EXPECT_EQ(come(), "there is none");
  EXPECT_EQ(offering_.calls, std::vector<std::string>{"offer 0"});
}

TEST_F(CommonStateTest, TheOfferEndsWithAnInterrupt) {
  for (const auto& one : connections_) hang(*one);
  wait_.waits_before_interrupt = 0;
  EXPECT_THROW(come(), Interrupted);
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end", "left", "left", "left"}));
}

TEST_F(CommonStateTest, WhoGetsNoAnswerHoldsUpNobodyForLong) {
  offering_.offer = [](int) { return StateOffer{.token = "t", .holds_up_writers = true}; };
  hang(*connections_[1]);
  EXPECT_EQ(come(), "the connections did not come to one state within 1 s");
  // To leave a connection takes its time: the lock is gone by then.
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end", "left"}));
  EXPECT_TRUE(connections_[0]->connection);
  EXPECT_FALSE(connections_[1]->connection);
  EXPECT_EQ(remote_.open_connections, 3);  // with the offering one
}

TEST_F(CommonStateTest, TheJoinsOfOthersTakeTheirTime) {
  int rounds = 0;
  toy(*connections_[1]).join = [&](const std::string&) {
    connections_[1]->wait.Wait::wait(-1, wait_none, Clock::now() + milliseconds(600));
    return ++rounds < 3 ? std::string("other") : "at t0";
  };
  EXPECT_EQ(come(), "");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end"}));
}

TEST_F(CommonStateTest, NobodyKnowsWhatWasJoinedWhereTheOffererIsLost) {
  offering_.at_end = [this] {
    offering_.is_usable = false;
    throw Error(ErrorNumber::cannot_read, "the server closed the connection");
  };
  EXPECT_EQ(come(), "the server closed the connection");
  EXPECT_EQ(offering_.calls, (std::vector<std::string>{"offer 0", "end"}));
}

TEST_F(ParallelReadTest, AllAreClosedTogether) {
  connections_ = connect(8);
  remote_.clean_up = milliseconds(30);
  close_together(connections_);
  EXPECT_TRUE(connections_.empty());
  EXPECT_EQ(remote_.open_connections, 0);
  EXPECT_EQ(remote_.most_cleaning_up, 8);
}

}  // namespace
}  // namespace connector::core
