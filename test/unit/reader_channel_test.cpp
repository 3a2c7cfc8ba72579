// The backend's side against programs that stand in the place of connector-reader and do what it never does.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "drivers/odbc/info.hpp"
#include "reader/frame.hpp"
#include "reader/provider.hpp"

namespace connector::reader {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What all programs begin with: frames to and from the socket.
constexpr std::string_view prologue = R"(#!/usr/bin/python3
import json, os, struct, sys, time
HELLO, DONE, FAILED, ROWS, COUNTS = 1, 2, 3, 4, 5
def send(kind, body=b""):
    data = struct.pack("=II", kind, len(body)) + body
    while data:
        data = data[os.write(3, data):]
def take():
    head = os.read(3, 8)
    if len(head) < 8:
        sys.exit(9)
    kind, length = struct.unpack("=II", head)
    body = b""
    while len(body) < length:
        body += os.read(3, length - len(body))
    return kind, body
def column(**more):
    kind = {"kind": 3, "length": 0, "scale": 0, "srid": 0, "name": "", "extension": ""}
    kind.update(more)
    return {"name": "c", "remote_type": "bigint", "type": kind, "form": 0, "encoding": "UTF8", "unsupported_reason": "",
            "not_null": False, "is_rounded": False, "may_become_null": False, "is_comparable": True, "collation": "",
            "comment": ""}
def described(*columns):
    return json.dumps({"source": 1, "description": {"columns": columns, "primary_key": [], "estimated_rows": None,
                                                    "comment": ""}}).encode()
def log_in():
    send(HELLO, BUILD)
    take()
    send(DONE, b'{"survives_early_end": true}')
def open_cursor():
    log_in()
    take(), send(DONE, described(column()))
    take(), send(DONE, b"1")
    take()
)";

/// A wait that somebody interrupts some time after it was asked to.
class InterruptedWait final : public core::Wait {
 public:
  using core::Wait::wait;
  bool wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) override {
    check();
    const bool ready = core::PollWait().wait(sockets, std::min(deadline, until_));
    check();
    return ready;
  }
  void check() override {
    if (std::chrono::steady_clock::now() >= until_) throw core::Interrupted{};
  }
  void interrupt_after(milliseconds time) { until_ = std::chrono::steady_clock::now() + time; }

 private:
  core::Deadline until_ = core::no_deadline;
};

class ReaderChannel : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/connector-unit-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    chmod(folder, 0755);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// The program: `body` is Python.
  void write(std::string_view body, mode_t mode = 0755) {
    rules_.program = folder_ + "/connector-reader";
    std::ofstream file(rules_.program);
    file << prologue << "BUILD = b'" << build_id() << "'\n" << body;
    file.close();
    chmod(rules_.program.c_str(), mode);
  }
  std::unique_ptr<core::Connection> connect() {
    return provider_.connect({.options = options_,
                              .session = session_,
                              .address_rules = address_rules_,
                              .wait = wait_,
                              .connect_timeout = seconds(20),
                              .trusted = true,
                              .reader = &rules_});
  }
  /// The whole text of the Error that `call` throws.
  template <typename Call>
  static std::string refusal(Call&& call) {
    try {
      call();
    } catch (const core::Error& error) {
      return error.message() + '\n' + error.detail();
    }
    return {};
  }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

  std::string folder_;
  core::ReaderRules rules_;
  core::ConnectionOptions options_{{"driver", "x"}, {"password", "s3cret-pw"}};
  std::map<std::string, std::string> session_;
  core::AddressRules address_rules_{"", true, true};
  InterruptedWait wait_;
  ReaderProvider provider_{odbc::info()};
};

TEST_F(ReaderChannel, AnAggregateOfATypeThatItCanNotHave) {
  // The column is a bigint. The kinds: real, text, date; and a numeric that nobody would check.
  for (const std::string_view answer :
       {"column(kind=4)", "dict(column(kind=7), form=1)", "column(kind=11)", "dict(column(kind=6), form=2)",
        "dict(column(), unsupported_reason='it is none')", "dict(column(), form=9)", "[]", "1"}) {
    for (const auto function :
         {core::AggregateFunction::count_rows, core::AggregateFunction::sum, core::AggregateFunction::minimum}) {
      write("log_in()\ntake(), send(DONE, described(column()))\ntake(), send(DONE, json.dumps(" + std::string(answer) +
            ").encode())\ntime.sleep(60)\n");
      const auto connection = connect();
      const auto source = connection->describe({.table = "t"});
      EXPECT_FALSE(refusal([&] { source->aggregate({.function = function, .column = 0}); }).empty()) << answer;
      EXPECT_FALSE(connection->usable()) << answer;
    }
  }
}

TEST_F(ReaderChannel, WhatASourceSaysOfGroupsAndJoins) {
  write(R"(log_in()
take(), send(DONE, described(column(), column()))
take(), send(DONE, described(column()))
kind, body = take()
assert json.loads(body) == [1, 1], body
send(DONE, b"7")
kind, body = take()
assert json.loads(body)["source"] == 7, body
send(DONE, json.dumps(column(kind=6)).encode())
take(), send(DONE, b"null")
take(), send(DONE, b"1")
kind, body = take()
assert json.loads(body)["scan"]["is_grouped"], body
send(DONE, b"0")
take(), send(DONE, b"0")
take(), send(DONE, b"0")
time.sleep(60)
)");
  const auto connection = connect();
  const auto first = connection->describe({.table = "t"});
  const auto second = connection->describe({.table = "u"});
  core::Source* const parts[] = {first.get(), second.get()};
  const auto joined = connection->join(parts);
  ASSERT_TRUE(joined);
  // Whatever the program would say of them.
  EXPECT_EQ(joined->description().columns.size(), 3u);
  const auto sum = joined->aggregate({.function = core::AggregateFunction::sum, .column = 2});
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->type.kind, core::TypeKind::numeric);
  EXPECT_FALSE(joined->aggregate({.function = core::AggregateFunction::count_rows}));
  EXPECT_TRUE(joined->groups_by(1));
  EXPECT_FALSE(joined->takes({.columns = {0}, .is_grouped = true}));
  EXPECT_FALSE(joined->joins({.on = core::Expression::comparison(0, core::Operator::equal, "1")}));
  EXPECT_FALSE(connection->join(parts));
}

TEST_F(ReaderChannel, AProgramOfAnotherBuild) {
  write("send(HELLO, b'of another build')\ntime.sleep(60)\n");
  EXPECT_TRUE(has(refusal([&] { connect(); }), "of another build than the extension"));
}

TEST_F(ReaderChannel, TheEndIsToldWithWhatWasSaid) {
  write("sys.stderr.write('no library for s3cret-pw\\n')\nsys.exit(3)\n");
  const std::string text = refusal([&] { connect(); });
  EXPECT_TRUE(has(text, "the reader process ended\n")) << text;
  EXPECT_TRUE(has(text, "It ended by itself, with status 3.\nIt had written: no library for ********")) << text;
  write("send(HELLO, BUILD)\nos.kill(os.getpid(), 11)\n");
  EXPECT_TRUE(has(refusal([&] { connect(); }), "signal 11 (Segmentation fault)"));
}

TEST_F(ReaderChannel, OneThatIsSilentIsInterrupted) {
  write("time.sleep(600)\n");
  wait_.interrupt_after(milliseconds(300));
  EXPECT_THROW(connect(), core::Interrupted);
}

TEST_F(ReaderChannel, OneThatNeverStopsIsKilled) {
  write(
      "import signal\nlog_in()\nfor number in range(1, 32):\n  if number not in (9, 19): signal.signal(number, "
      "signal.SIG_IGN)\n"
      "while True: time.sleep(1)\n");
  const auto connection = connect();
  wait_.interrupt_after(milliseconds(300));
  EXPECT_THROW(connection->check(), core::Interrupted);
  EXPECT_FALSE(connection->usable());
}

TEST_F(ReaderChannel, AFloodIsInterruptedLikeSilence) {
  write("open_cursor()\nwhile True: send(COUNTS, b'{\"invalid\":[0],\"substitutions\":[]}')\n");
  const auto connection = connect();
  const auto source = connection->describe({.table = "t"});
  const auto cursor = source->open({.columns = {0}});
  core::RowBatch batch({{.name = "c", .type = {.kind = core::TypeKind::int8}}}, core::InvalidValues::error);
  wait_.interrupt_after(milliseconds(300));
  EXPECT_THROW(cursor->fetch(batch), core::Interrupted);
  EXPECT_FALSE(connection->usable());
}

TEST_F(ReaderChannel, AFloodOfWordsIsInterrupted) {
  write(
      "import threading\nlog_in()\ndef flood():\n  while True:\n    try: os.write(2, b'x' * 65536)\n"
      "    except BlockingIOError: pass\nfor i in range(4): threading.Thread(target=flood).start()\n");
  const auto connection = connect();
  wait_.interrupt_after(milliseconds(300));
  EXPECT_THROW(connection->check(), core::Interrupted);
}

TEST_F(ReaderChannel, ACursorThatIsLeftDoesNotWaitForAFlood) {
  write("open_cursor()\nwhile True: send(COUNTS, b'{\"invalid\":[0],\"substitutions\":[]}')\n");
  const auto connection = connect();
  const auto source = connection->describe({.table = "t"});
  auto cursor = source->open({.columns = {0}});
  cursor.reset();
  EXPECT_FALSE(connection->usable());
}

TEST_F(ReaderChannel, TypesThatWouldLeadElsewhere) {
  for (const char* type : {"extension='hstore'", "name='hstore'", "kind=24, name='text); DROP TABLE x; --'"}) {
    write(std::string("log_in()\ntake(), send(DONE, described(column(") + type + ")))\ntime.sleep(60)\n");
    const auto connection = connect();
    EXPECT_TRUE(has(refusal([&] { connection->describe({.table = "t"}); }), "sent what it should not")) << type;
    EXPECT_FALSE(connection->usable());
  }
}

TEST_F(ReaderChannel, RowsThatAreNowhere) {
  for (const char* rows :
       {"struct.pack('=II', 7, 10)", "struct.pack('=II', 0, 1 << 30)", "struct.pack('=II', 0, 0)", "b'abc'"}) {
    write(std::string("open_cursor()\nsend(ROWS, ") + rows + ")\ntime.sleep(60)\n");
    const auto connection = connect();
    const auto source = connection->describe({.table = "t"});
    const auto cursor = source->open({.columns = {0}});
    core::RowBatch batch({{.name = "c", .type = {.kind = core::TypeKind::int8}}}, core::InvalidValues::error);
    EXPECT_TRUE(has(refusal([&] { cursor->fetch(batch); }), "sent what it should not")) << rows;
    EXPECT_FALSE(connection->usable());
  }
}

TEST_F(ReaderChannel, FramesThatAreNone) {
  for (const char* answer : {"os.write(3, b'\\xff' * 100)", "send(DONE, b'{')", "send(77, b'')", "send(FAILED, b'[]')",
                             "send(DONE, b'[[' * 1000000)"}) {
    write(std::string("send(HELLO, BUILD)\ntake()\n") + answer + "\ntime.sleep(60)\n");
    EXPECT_TRUE(has(refusal([&] { connect(); }), "sent what it should not")) << answer;
  }
}

TEST_F(ReaderChannel, WhatItHasStartedEndsWithIt) {
  const std::string mark = folder_ + "/child";
  write("child = os.fork()\nif child == 0:\n  time.sleep(600)\nopen('" + mark +
        "', 'w').write(str(child))\nos._exit(4)\n");
  EXPECT_TRUE(has(refusal([&] { connect(); }), "with status 4"));
  pid_t child = 0;
  std::ifstream(mark) >> child;
  ASSERT_GT(child, 0);
  EXPECT_NE(kill(child, 0), 0);
}

TEST_F(ReaderChannel, AProgramThatOthersMayWriteTo) {
  write("", 0775);
  EXPECT_TRUE(has(refusal([&] { connect(); }), "is not safe"));
  write("");
  chmod(folder_.c_str(), 0777);
  EXPECT_TRUE(has(refusal([&] { connect(); }), "is not safe"));
  rules_.program = folder_ + "/nothing";
  chmod(folder_.c_str(), 0755);
  EXPECT_TRUE(has(refusal([&] { connect(); }), "could not find"));
}

TEST_F(ReaderChannel, PlacesAreGivenBack) {
  write("log_in()\nsys.exit(0) if take() else None\n");
  rules_.places_file = folder_ + "/places";
  rules_.most_processes = 2;
  rules_.most_of_role = 1;
  rules_.role = 10;
  auto first = connect();
  EXPECT_TRUE(has(refusal([&] { connect(); }), "too many reader processes of this role"));
  rules_.role = 11;
  auto second = connect();
  rules_.role = 12;
  EXPECT_TRUE(has(refusal([&] { connect(); }), "too many reader processes\n"));
  first.reset();
  const auto third = connect();
  EXPECT_TRUE(third->usable());
}

}  // namespace
}  // namespace connector::reader
