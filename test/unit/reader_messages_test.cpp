#include "reader/messages.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.hpp"
#include "reader/frame.hpp"

namespace connector::reader {
namespace {

using core::Expression;
using core::Operator;

core::Error read_error(std::string_view text) {
  return error_message(text, [](const std::string& as_it_is) { return as_it_is; });
}

template <typename Read>
void expect_refused(Read&& read) {
  try {
    read();
    ADD_FAILURE() << "taken";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::cannot_read) << error.what();
  }
}

TEST(ReaderMessages, AConnectRequest) {
  const ConnectMessage got = connect_message(to_message(ConnectMessage{.options = {{"a", "x;{}=\"\n"}, {"b", ""}},
                                                                       .session = {{"S", "1"}},
                                                                       .connect_timeout = std::chrono::seconds(3),
                                                                       .statement_timeout = std::chrono::seconds(0),
                                                                       .application_name = "connector",
                                                                       .trusted = true,
                                                                       .may_use_tickets = false}));
  EXPECT_EQ(got.options.at("a"), "x;{}=\"\n");
  EXPECT_EQ(got.options.at("b"), "");
  EXPECT_EQ(got.session.at("S"), "1");
  EXPECT_EQ(got.connect_timeout.count(), 3);
  EXPECT_TRUE(got.trusted);
  EXPECT_FALSE(got.may_use_tickets);
}

TEST(ReaderMessages, AScanWithAllItsParts) {
  core::Scan scan{.columns = {2, 0}};
  scan.where =
      Expression::all_of({Expression::comparison(1, Operator::less, "caf\xc3\xa9"),
                          {.operation = Operator::in,
                           .operands = {Expression::of_column(0), Expression::null(), Expression::of_parameter(1)}}});
  scan.order_by = {{.column = 1, .descending = true, .nulls = core::Nulls::first}};
  scan.limit = 10;
  scan.offset = 4;
  scan.sample = 0.25;
  const ScanMessage got = scan_message(to_message(ScanMessage{7, scan}));
  EXPECT_EQ(got.source, 7u);
  EXPECT_EQ(got.scan.columns, scan.columns);
  ASSERT_TRUE(got.scan.where);
  ASSERT_EQ(got.scan.where->operands.size(), 2u);
  EXPECT_EQ(got.scan.where->operands[0].operands[1].value, "caf\xc3\xa9");
  EXPECT_EQ(got.scan.where->operands[1].operation, Operator::in);
  EXPECT_TRUE(got.scan.where->operands[1].operands[1].is_null);
  EXPECT_EQ(got.scan.where->operands[1].operands[2].parameter, 1u);
  ASSERT_EQ(got.scan.order_by.size(), 1u);
  EXPECT_TRUE(got.scan.order_by[0].descending);
  EXPECT_EQ(got.scan.order_by[0].nulls, core::Nulls::first);
  EXPECT_EQ(got.scan.limit, 10);
  EXPECT_EQ(got.scan.offset, 4);
  EXPECT_EQ(got.scan.sample, 0.25);
}

core::RemoteColumn column(core::TypeKind kind, core::ValueForm form) {
  core::RemoteColumn column;
  column.name = "c";
  column.type.kind = kind;
  column.form = form;
  return column;
}

TEST(ReaderMessages, ADescription) {
  DescribedMessage described{.source = 3};
  described.description.columns = {column(core::TypeKind::text, core::ValueForm::text)};
  described.description.columns[0].not_null = true;
  described.description.columns[0].comment = "what it is";
  described.description.primary_key = {"c"};
  described.description.estimated_rows = 12;
  const DescribedMessage got = described_message(to_message(described));
  EXPECT_EQ(got.source, 3u);
  ASSERT_EQ(got.description.columns.size(), 1u);
  EXPECT_TRUE(got.description.columns[0].not_null);
  EXPECT_EQ(got.description.columns[0].comment, "what it is");
  EXPECT_EQ(got.description.primary_key, described.description.primary_key);
  EXPECT_EQ(got.description.estimated_rows, 12);
}

TEST(ReaderMessages, ColumnsThatMayNotBe) {
  // Text that nobody would check, and a type whose name would stand in a statement as it is.
  for (const auto& [kind, form] : {std::pair(core::TypeKind::text, core::ValueForm::datum),
                                   std::pair(core::TypeKind::jsonb, core::ValueForm::datum),
                                   std::pair(core::TypeKind::named, core::ValueForm::text)}) {
    DescribedMessage described;
    described.description.columns = {column(kind, form)};
    expect_refused([&] { described_message(to_message(described)); });
    described.description.columns[0].unsupported_reason = "it can't be read";
    EXPECT_EQ(described_message(to_message(described)).description.columns.size(), 1u);
  }
}

TEST(ReaderMessages, AnErrorIsTheSameOnTheOtherSide) {
  const core::Error error(core::ErrorNumber::timed_out, "it took too long", "First line.\nSecond line.", "Wait.", true);
  const core::Error got = read_error(to_message(error));
  EXPECT_EQ(got.number(), core::ErrorNumber::timed_out);
  EXPECT_EQ(got.message(), "it took too long");
  EXPECT_EQ(got.detail(), error.detail());
  EXPECT_EQ(got.hint(), "Wait.");
  EXPECT_TRUE(got.permanent());
  EXPECT_FALSE(got.denied_login());
  EXPECT_TRUE(read_error(to_message(error.with_denied_login())).denied_login());
  const core::Error without_detail(core::ErrorNumber::cannot_read, "no");
  EXPECT_EQ(read_error(to_message(without_detail)).detail(), without_detail.detail());
}

TEST(ReaderMessages, TextsOfAnyBytesCanBeWritten) {
  const core::Error error(core::ErrorNumber::cannot_read, "bytes \xff\xfe of no text");
  EXPECT_EQ(read_error(to_message(error)).message(), "bytes \xef\xbf\xbd\xef\xbf\xbd of no text");
}

TEST(ReaderMessages, WhatIsNoMessage) {
  for (const std::string_view text :
       {"", "{", "null", "[]", "1", "\"x\"", "{}", R"({"number": "x"})", R"({"source": -1})", "\xff",
        R"([{"schema": 1}])", R"({"source": 1, "description": {"columns": [{}]}})"}) {
    expect_refused([&] { read_error(text); });
    expect_refused([&] { described_message(text); });
    expect_refused([&] { connect_message(text); });
    expect_refused([&] { scan_message(text); });
    expect_refused([&] { counts_message(text); });
    if (text != "[]") {
      expect_refused([&] { tables_message(text); });
      expect_refused([&] { warnings_message(text); });
    }
  }
  expect_refused([] { text_message(R"("a\u0000b")"); });
  expect_refused([] { number_message("\"1\""); });
  for (const std::string_view number :
       {"14000000000000000000000000", "-1e300", "1e400", "1.5", "9223372036854775808"}) {
    expect_refused([number] { number_message(number); });
  }
  expect_refused([] { counts_message(R"({"invalid": [1.5], "substitutions": []})"); });
  expect_refused([] { counts_message(R"({"invalid": [], "substitutions": [[-1]]})"); });
  // Nested as deep as a frame can hold: nothing may go as deep into the stack.
  const std::string deep(1'000'000, '[');
  expect_refused([&] { tables_message(deep); });
}

TEST(Frames, ComeInPiecesOfAnySize) {
  const std::string long_body(100'000, 'x');
  const std::string bytes = frame_bytes(FrameKind::done, "one") + frame_bytes(FrameKind::failed, "") +
                            frame_bytes(FrameKind::rows, long_body) + frame_bytes(FrameKind::counts, "four");
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
    FrameAssembler assembler;
    std::vector<Frame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string_view part = std::string_view(bytes).substr(at, piece);
      part.copy(assembler.space(part.size()), part.size());
      assembler.added(part.size());
      while (auto frame = assembler.next()) frames.push_back(std::move(*frame));
    }
    ASSERT_EQ(frames.size(), 4u) << piece;
    EXPECT_EQ(frames[0].body, "one");
    EXPECT_EQ(frames[1].kind, FrameKind::failed);
    EXPECT_EQ(frames[1].body, "");
    EXPECT_EQ(frames[2].body, long_body);
    EXPECT_EQ(frames[3].body, "four");
  }
}

TEST(Frames, OneThatIsTooLongIsRefusedBeforeItCame) {
  FrameAssembler assembler;
  std::string header = frame_bytes(FrameKind::done, "");
  header[7] = '\x7f';
  header.copy(assembler.space(header.size()), header.size());
  assembler.added(header.size());
  expect_refused([&] { assembler.next(); });
}

}  // namespace
}  // namespace connector::reader
