#include "drivers/hive/result_rows.hpp"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <gtest/gtest.h>

#include <functional>

#include "drivers/hive/failure.hpp"
#include "hive_memory_channel.hpp"

namespace connector::hive {
namespace {

using namespace apache::thrift::protocol;
using apache::thrift::TException;
using apache::thrift::transport::TMemoryBuffer;

/// Writes an answer to FetchResults as a server does, field by field.
class Answer {
 public:
  Answer() : buffer_(std::make_shared<TMemoryBuffer>()), to(buffer_) {}
  std::string bytes() { return buffer_->getBufferAsString(); }
  void field(TType type, std::int16_t number) { to.writeFieldBegin("", type, number); }
  void stop() { to.writeFieldStop(); }
  void text(const std::string& value) { to.writeString(value); }
  void list(TType type, std::uint32_t size) { to.writeListBegin(type, size); }
  /// Up to the list of columns.
  void begin(std::uint32_t columns, std::int32_t status = 0) {
    field(T_STRUCT, 0);
    field(T_STRUCT, 1);
    field(T_I32, 1);
    to.writeI32(status);
    stop();
    field(T_STRUCT, 3);
    field(T_I64, 1);
    to.writeI64(0);
    field(T_LIST, 2);
    list(T_STRUCT, 0);
    field(T_LIST, 3);
    list(T_STRUCT, columns);
  }
  void end() {
    stop();  // rows
    stop();  // answer
    stop();  // message
  }
  /// A column with values of a kind, which `write` writes.
  void column(int kind, TType type, std::uint32_t rows, const std::string& nulls, const std::function<void()>& write) {
    field(T_STRUCT, static_cast<std::int16_t>(kind));
    field(T_LIST, 1);
    list(type, rows);
    write();
    field(T_STRING, 2);
    to.writeBinary(nulls);
    stop();
    stop();
  }

 private:
  std::shared_ptr<TMemoryBuffer> buffer_;

 public:
  TBinaryProtocolT<TMemoryBuffer> to;
};

ResultRows read(const std::string& bytes, std::size_t columns, rpc::Status* status = nullptr,
                std::size_t max_rows = 100) {
  const auto transport = std::make_shared<Transport>(std::make_unique<MemoryChannel>(bytes));
  const auto protocol = std::make_shared<Protocol>(transport);
  transport->begin_answer(max_message_bytes);
  ResultRows rows;
  rpc::Status told;
  read_fetch_results(*protocol, *transport, columns, max_rows, rows, told);
  transport->end_answer();
  if (status != nullptr) *status = told;
  return rows;
}

std::string failure(const std::string& bytes, std::size_t columns) {
  try {
    read(bytes, columns);
  } catch (const Failure& error) {
    return error.what();
  } catch (const TException& error) {
    return std::string("thrift: ") + error.what();
  }
  return "none";
}

TEST(HiveResultRows, EveryKind) {
  Answer answer;
  answer.begin(8);
  answer.column(1, T_BOOL, 2, "", [&] { answer.to.writeBool(true), answer.to.writeBool(false); });
  answer.column(2, T_BYTE, 2, "", [&] { answer.to.writeByte(-128), answer.to.writeByte(127); });
  answer.column(3, T_I16, 2, "", [&] { answer.to.writeI16(-32768), answer.to.writeI16(1); });
  answer.column(4, T_I32, 2, "", [&] { answer.to.writeI32(INT32_MIN), answer.to.writeI32(2); });
  answer.column(5, T_I64, 2, "", [&] { answer.to.writeI64(INT64_MIN), answer.to.writeI64(3); });
  answer.column(6, T_DOUBLE, 2, "", [&] { answer.to.writeDouble(-1.5), answer.to.writeDouble(0); });
  answer.column(7, T_STRING, 2, "\x02", [&] { answer.text("héé"), answer.text(""); });
  answer.column(8, T_STRING, 2, "", [&] { answer.text(""), answer.text(std::string("a\0b", 3)); });
  answer.end();
  const ResultRows rows = read(answer.bytes(), 8);
  ASSERT_EQ(rows.rows, 2U);
  EXPECT_EQ(rows.columns[0].integer(0), 1);
  EXPECT_EQ(rows.columns[0].integer(1), 0);
  EXPECT_EQ(rows.columns[1].integer(0), -128);
  EXPECT_EQ(rows.columns[2].integer(0), -32768);
  EXPECT_EQ(rows.columns[3].integer(0), INT32_MIN);
  EXPECT_EQ(rows.columns[4].integer(0), INT64_MIN);
  EXPECT_EQ(rows.columns[4].integer(1), 3);
  EXPECT_EQ(rows.columns[5].float64(0), -1.5);
  EXPECT_EQ(rows.columns[6].text(0), "héé");
  EXPECT_FALSE(rows.columns[6].is_null(0));
  EXPECT_TRUE(rows.columns[6].is_null(1));
  EXPECT_EQ(rows.columns[7].text(0), "");
  EXPECT_EQ(rows.columns[7].text(1), std::string("a\0b", 3));
}

TEST(HiveResultRows, NullFlagsMayEndEarly) {
  Answer answer;
  answer.begin(1);
  answer.column(4, T_I32, 20, std::string("\x01\x80", 2), [&] {
    for (int i = 0; i < 20; ++i) answer.to.writeI32(i);
  });
  answer.end();
  const ResultRows rows = read(answer.bytes(), 1);
  ASSERT_EQ(rows.rows, 20U);
  for (std::size_t row = 0; row < 20; ++row) EXPECT_EQ(rows.columns[0].is_null(row), row == 0 || row == 15) << row;
}

TEST(HiveResultRows, RowsOfOldVersions) {
  Answer answer;
  answer.field(T_STRUCT, 0);
  answer.field(T_STRUCT, 1);
  answer.field(T_I32, 1);
  answer.to.writeI32(0);
  answer.stop();
  answer.field(T_STRUCT, 3);
  answer.field(T_LIST, 2);
  answer.list(T_STRUCT, 2);
  for (int i = 0; i < 2; ++i) {
    rpc::Row row;
    row.colVals.resize(3);
    rpc::I32Value integer;
    rpc::StringValue text;
    rpc::DoubleValue number;
    if (i == 0) integer.__set_value(-7);
    if (i == 1) text.__set_value("x");
    number.__set_value(2.5);
    row.colVals[0].__set_i32Val(integer);
    row.colVals[1].__set_stringVal(text);
    row.colVals[2].__set_doubleVal(number);
    row.write(&answer.to);
  }
  answer.end();
  const ResultRows rows = read(answer.bytes(), 3);
  ASSERT_EQ(rows.rows, 2U);
  EXPECT_EQ(rows.columns[0].integer(0), -7);
  EXPECT_TRUE(rows.columns[0].is_null(1));
  EXPECT_TRUE(rows.columns[1].is_null(0));
  EXPECT_EQ(rows.columns[1].text(1), "x");
  EXPECT_EQ(rows.columns[2].float64(1), 2.5);
}

TEST(HiveResultRows, AStatusAlone) {
  Answer answer;
  answer.field(T_STRUCT, 0);
  answer.field(T_STRUCT, 1);
  answer.field(T_I32, 1);
  answer.to.writeI32(77);
  answer.field(T_STRING, 5);
  answer.text("broken");
  answer.stop();
  answer.stop();
  answer.stop();
  rpc::Status status;
  EXPECT_EQ(read(answer.bytes(), 3, &status).rows, 0U);
  EXPECT_EQ(status.statusCode, 77);
  EXPECT_EQ(status.errorMessage, "broken");
}

TEST(HiveResultRows, WhatBreaksTheProtocol) {
  const auto one_column = [](int kind, TType type, std::uint32_t rows, const std::function<void(Answer&)>& write) {
    Answer answer;
    answer.begin(1);
    answer.column(kind, type, rows, "", [&] { write(answer); });
    answer.end();
    return answer.bytes();
  };
  const auto integer = [](Answer& answer) { answer.to.writeI32(1); };
  EXPECT_EQ(failure(one_column(4, T_I32, 1, integer), 1), "none");
  EXPECT_EQ(failure(one_column(4, T_I32, 1, integer), 2), "the rows have 1 columns instead of 2");
  EXPECT_EQ(failure(one_column(9, T_I32, 1, integer), 1), "a column of the rows has values of no known type");
  EXPECT_EQ(failure(one_column(5, T_I32, 1, integer), 1), "a list in the rows has elements of a wrong type");
  EXPECT_EQ(failure(one_column(4, T_I32, 101, integer), 1), "a list in the rows has no valid size");
  EXPECT_EQ(failure(one_column(4, T_I32, 0x7fffffff, integer), 1), "a list in the rows has no valid size");
  // Announces more than comes: memory for what has come, then the end of the connection.
  const auto huge = [](Answer& answer) { answer.to.writeI32(1'000'000'000); };
  EXPECT_EQ(failure(one_column(7, T_STRING, 1, huge), 1), "the server closed the connection");
  const auto too_huge = [](Answer& answer) { answer.to.writeI32(0x7fffffff); };
  EXPECT_EQ(failure(one_column(7, T_STRING, 1, too_huge), 1), "a value of the server has no valid size");
  const auto negative = [](Answer& answer) { answer.to.writeI32(-1); };
  EXPECT_EQ(failure(one_column(7, T_STRING, 1, negative), 1), "a value of the server has no valid size");
  EXPECT_EQ(failure("", 1), "the server closed the connection");
  std::string cut = one_column(4, T_I32, 1, integer);
  cut.resize(cut.size() - 1);
  EXPECT_EQ(failure(cut, 1), "the server closed the connection");
}

TEST(HiveResultRows, ColumnsOfDifferentLength) {
  Answer answer;
  answer.begin(2);
  answer.column(4, T_I32, 1, "", [&] { answer.to.writeI32(1); });
  answer.column(4, T_I32, 2, "", [&] { answer.to.writeI32(1), answer.to.writeI32(2); });
  answer.end();
  EXPECT_EQ(failure(answer.bytes(), 2), "the columns of the rows differ in length");
}

}  // namespace
}  // namespace connector::hive
