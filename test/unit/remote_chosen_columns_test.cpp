#include "core/remote/chosen_columns.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace connector::core {
namespace {

using Indexes = std::vector<std::size_t>;

const std::vector<std::string> names = {"a", "B", "b", "Ärger"};

Indexes chosen(const std::vector<std::string>& asked, NameCase name_case) {
  SourceRequest request;
  request.query = "q";
  for (const std::string& name : asked) request.columns.push_back({name, std::nullopt});
  return chosen_columns(names, request, "toy", name_case);
}

std::string refusal(const std::vector<std::string>& asked, NameCase name_case) {
  try {
    chosen(asked, name_case);
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

TEST(ChosenColumns, AllInTheirOrderUnlessAskedFor) {
  EXPECT_EQ(chosen({}, NameCase::counts), (Indexes{0, 1, 2, 3}));
  EXPECT_EQ(chosen({"b", "a"}, NameCase::counts), (Indexes{2, 0}));
}

TEST(ChosenColumns, TheVeryNameComesFirst) {
  EXPECT_EQ(chosen({"b"}, NameCase::ignored), Indexes{2});
  EXPECT_EQ(chosen({"A", "äRGER"}, NameCase::ignored), (Indexes{0, 3}));
}

TEST(ChosenColumns, Refusals) {
  EXPECT_EQ(refusal({"A"}, NameCase::counts), "the query has no column \"A\"");
  EXPECT_EQ(refusal({"c"}, NameCase::ignored), "the query has no column \"c\"");
  EXPECT_EQ(refusal({"a", "A"}, NameCase::ignored), "\"columns\" has column \"a\" twice, in different case");
  const std::vector<std::string> other = {"X", "x"};
  SourceRequest request;
  request.table = "t";
  request.columns.push_back({"Xx", std::nullopt});
  EXPECT_THROW(chosen_columns(other, request, "toy", NameCase::ignored), Error);
}

}  // namespace
}  // namespace connector::core
