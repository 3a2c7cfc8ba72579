#include "reader/messages.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "reader/frame.hpp"
#include "reader/value_check.hpp"

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
                                                                       .allowed_hosts = "10.0.0.0/8",
                                                                       .any_address = true,
                                                                       .local_addresses = false,
                                                                       .connect_timeout = std::chrono::seconds(3),
                                                                       .statement_timeout = std::chrono::seconds(0),
                                                                       .application_name = "connector",
                                                                       .trusted = true,
                                                                       .may_use_tickets = false}));
  EXPECT_EQ(got.options.at("a"), "x;{}=\"\n");
  EXPECT_EQ(got.options.at("b"), "");
  EXPECT_EQ(got.session.at("S"), "1");
  EXPECT_EQ(got.allowed_hosts, "10.0.0.0/8");
  EXPECT_TRUE(got.any_address);
  EXPECT_FALSE(got.local_addresses);
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

TEST(ReaderMessages, AScanOfGroupsAndJoins) {
  core::Scan scan{.columns = {3}};
  const Expression partners{.operation = Operator::equal,
                            .operands = {Expression::of_column(0), Expression::of_column(3)}};
  scan.joins = {{.kind = core::JoinKind::inner, .on = partners},
                {.kind = core::JoinKind::anti,
                 .on = Expression::all_of({partners, Expression::comparison(4, Operator::less, "x")})}};
  scan.is_grouped = true;
  scan.aggregates = {{.function = core::AggregateFunction::count_rows},
                     {.function = core::AggregateFunction::maximum, .column = 5}};
  const core::Scan got = scan_message(to_message(ScanMessage{7, scan})).scan;
  EXPECT_TRUE(got.is_grouped);
  EXPECT_EQ(got.aggregates, scan.aggregates);
  ASSERT_EQ(got.joins.size(), 2u);
  EXPECT_EQ(got.joins[0].kind, core::JoinKind::inner);
  EXPECT_EQ(got.joins[0].on.operation, Operator::equal);
  EXPECT_EQ(core::columns_of(got.joins[0].on), (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(got.joins[1].kind, core::JoinKind::anti);
  EXPECT_EQ(core::columns_of(got.joins[1].on), (std::vector<std::size_t>{0, 3, 4}));
  const core::Scan plain = scan_message(to_message(ScanMessage{1, {.columns = {0}}})).scan;
  EXPECT_FALSE(plain.is_grouped);
  EXPECT_TRUE(plain.joins.empty() && plain.aggregates.empty());
}

TEST(ReaderMessages, QuestionsAboutGroupsAndJoins) {
  EXPECT_EQ(parts_message(to_message(PartsMessage{{3, 1, 3}})).sources, (std::vector<std::uint64_t>{3, 1, 3}));
  const core::Aggregate sum{.function = core::AggregateFunction::sum, .column = 4};
  const AggregateMessage asked = aggregate_message(to_message(AggregateMessage{2, sum}));
  EXPECT_EQ(asked.source, 2u);
  EXPECT_EQ(asked.aggregate, sum);
  const Expression on{.operation = Operator::less, .operands = {Expression::of_column(1), Expression::of_column(2)}};
  const JoinMessage join = join_message(to_message(JoinMessage{2, {.kind = core::JoinKind::semi, .on = on}}));
  EXPECT_EQ(join.source, 2u);
  EXPECT_EQ(join.join.kind, core::JoinKind::semi);
  EXPECT_EQ(core::columns_of(join.join.on), (std::vector<std::size_t>{1, 2}));
}

TEST(ReaderMessages, WordsAndNumbersOfScansThatMayNotBe) {
  const std::string scan =
      to_message(ScanMessage{1, {.columns = {0}, .is_grouped = true, .aggregates = {{.column = 1}}}});
  const auto with = [&](std::string_view part, std::string_view instead) {
    std::string changed = scan;
    const std::size_t at = changed.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return changed.replace(at, part.size(), instead);
  };
  EXPECT_EQ(scan_message(scan).scan.aggregates.size(), 1u);
  for (const auto& [part, instead] : {std::pair("\"function\":0", "\"function\":6"),
                                      {"\"function\":0", "\"function\":\"sum\""},
                                      {"\"column\":1", "\"column\":-1"},
                                      {"\"column\":1", "\"column\":1.5"},
                                      {"\"is_grouped\":true", "\"is_grouped\":1"},
                                      {"\"joins\":[]", "\"joins\":[{}]"},
                                      {"\"joins\":[]", "\"joins\":null"},
                                      {"\"joins\":[]", "\"joins\":[{\"kind\":4,\"on\":{}}]"},
                                      {"\"aggregates\"", "\"more\""}}) {
    expect_refused([&, part = part, instead = instead] { scan_message(with(part, instead)); });
  }
  expect_refused([] { parts_message("[-1]"); });
  expect_refused([] { parts_message("{}"); });
  expect_refused([] { aggregate_message(R"({"source": 1})"); });
  expect_refused([] { join_message(R"({"source": 1, "join": {"kind": 0}})"); });
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

TEST(ReaderMessages, WhatAnAggregateGives) {
  EXPECT_FALSE(column_message(to_message(std::optional<core::RemoteColumn>())));
  core::RemoteColumn sum = column(core::TypeKind::numeric, core::ValueForm::datum);
  sum.type.length = 38;
  sum.type.scale = 2;
  const auto got = column_message(to_message(std::optional(sum)));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->type, sum.type);
  EXPECT_EQ(got->form, core::ValueForm::datum);
  // One that could not be read where it is a column of a table.
  sum.unsupported_reason = "it can't be read";
  expect_refused([&] { column_message(to_message(std::optional(sum))); });
  expect_refused(
      [&] { column_message(to_message(std::optional(column(core::TypeKind::text, core::ValueForm::datum)))); });
  for (const std::string_view text : {"", "[]", "1", "{}", "true"}) expect_refused([&] { column_message(text); });
}

TEST(ReaderMessages, AnAggregateGivesNoOtherTypeThanItMay) {
  using core::AggregateFunction;
  using core::TypeKind;
  using core::ValueForm;
  const core::RemoteColumn day = column(TypeKind::date, ValueForm::datum);
  const core::RemoteColumn count = column(TypeKind::int8, ValueForm::datum);
  const core::RemoteColumn number = column(TypeKind::numeric, ValueForm::datum);
  const core::RemoteColumn text = column(TypeKind::text, ValueForm::text);
  for (const auto function :
       {AggregateFunction::count_rows, AggregateFunction::count, AggregateFunction::count_distinct}) {
    EXPECT_TRUE(is_answer_to(function, text, count));
    EXPECT_TRUE(is_answer_to(function, text, number));
    EXPECT_FALSE(is_answer_to(function, text, text));
    EXPECT_FALSE(is_answer_to(function, text, column(TypeKind::numeric, ValueForm::text)));
  }
  EXPECT_TRUE(is_answer_to(AggregateFunction::sum, number, number));
  EXPECT_FALSE(is_answer_to(AggregateFunction::sum, number, column(TypeKind::float8, ValueForm::datum)));
  EXPECT_FALSE(is_answer_to(AggregateFunction::sum, number, column(TypeKind::int8, ValueForm::receive)));
  for (const auto function : {AggregateFunction::minimum, AggregateFunction::maximum}) {
    EXPECT_TRUE(is_answer_to(function, day, day));
    EXPECT_FALSE(is_answer_to(function, day, count));
    EXPECT_FALSE(is_answer_to(function, day, column(TypeKind::date, ValueForm::text)));
    core::RemoteColumn finer = day, of_two_digits = number;
    finer.type.length = 3;
    of_two_digits.type = {.kind = TypeKind::numeric, .length = 4, .scale = 2};
    EXPECT_FALSE(is_answer_to(function, day, finer));
    EXPECT_FALSE(is_answer_to(function, number, of_two_digits));
    core::RemoteColumn elsewhere = text;
    elsewhere.encoding = "SQL_ASCII";
    EXPECT_FALSE(is_answer_to(function, text, elsewhere));
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
  EXPECT_EQ(got.parameter(), "");
  EXPECT_EQ(read_error(to_message(error.with_parameter("connection.server"))).parameter(), "connection.server");
  const core::Error without_detail(core::ErrorNumber::cannot_read, "no");
  EXPECT_EQ(read_error(to_message(without_detail)).detail(), without_detail.detail());
}

TEST(ReaderMessages, TextsOfAnyBytesCanBeWritten) {
  const core::Error error(core::ErrorNumber::cannot_read, "bytes \xff\xfe of no text");
  EXPECT_EQ(read_error(to_message(error)).message(), "bytes \xef\xbf\xbd\xef\xbf\xbd of no text");
}

TEST(ReaderMessages, PartsAndStates) {
  const DivideMessage divide = divide_message(to_message(DivideMessage{7, 64}));
  EXPECT_EQ(divide.source, 7u);
  EXPECT_EQ(divide.wanted, 64u);
  const std::vector<std::string> parts{"id < 5", "id >= 5 AND id < 9", "id IS NULL"};
  EXPECT_EQ(division_message(to_message(parts)), parts);
  EXPECT_TRUE(division_message(to_message(std::vector<std::string>())).empty());
  core::SourceRequest of;
  of.schema = "s";
  of.table = "t";
  of.columns = {{"a", core::LogicalType{.kind = core::TypeKind::interval}}, {"b", std::nullopt}};
  of.encoding = "LATIN1";
  of.parameters = {{"zero_dates", "null"}};
  const OfferMessage offer = offer_message(to_message(OfferMessage{of, 1}));
  EXPECT_EQ(offer.way, 1);
  EXPECT_EQ(offer.of.schema, "s");
  EXPECT_EQ(offer.of.table, "t");
  ASSERT_EQ(offer.of.columns.size(), 2u);
  EXPECT_EQ(offer.of.columns[0].wanted->kind, core::TypeKind::interval);
  EXPECT_FALSE(offer.of.columns[1].wanted);
  EXPECT_EQ(offer.of.encoding, "LATIN1");
  EXPECT_EQ(offer.of.parameters, of.parameters);
  const core::StateOffer state =
      state_offer_message(to_message(core::StateOffer{.token = "1-2", .holds_up_writers = true}));
  EXPECT_EQ(state.token, "1-2");
  EXPECT_TRUE(state.holds_up_writers);
  EXPECT_TRUE(state.why_not.empty());
}

TEST(ReaderMessages, PartsAndStatesThatMayNotBe) {
  const std::string long_text(64 * 1024, 'x');
  EXPECT_EQ(division_message(to_message(std::vector<std::string>{long_text})).size(), 1u);
  expect_refused([&] { division_message(to_message(std::vector<std::string>{long_text + 'x'})); });
  expect_refused([] { division_message(to_message(std::vector<std::string>{"a", ""})); });
  expect_refused([] { division_message(R"(["a\u0000"])"); });
  expect_refused([] { division_message(R"(["a", 1])"); });
  EXPECT_EQ(division_message(to_message(std::vector<std::string>(10'000, "a"))).size(), 10'000u);
  expect_refused([] { division_message(to_message(std::vector<std::string>(10'001, "a"))); });
  expect_refused([&] { state_offer_message(to_message(core::StateOffer{.token = long_text + 'x'})); });
  expect_refused([&] { state_offer_message(to_message(core::StateOffer{.why_not = long_text + 'x'})); });
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
    expect_refused([&] { aggregate_message(text); });
    expect_refused([&] { join_message(text); });
    expect_refused([&] { divide_message(text); });
    expect_refused([&] { offer_message(text); });
    expect_refused([&] { state_offer_message(text); });
    if (text != "[]") {
      expect_refused([&] { tables_message(text); });
      expect_refused([&] { warnings_message(text); });
      expect_refused([&] { division_message(text); });
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
