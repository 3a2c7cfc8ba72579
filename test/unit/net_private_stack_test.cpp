#include "core/net/private_stack.hpp"

#include <string>

#include <gtest/gtest.h>

namespace connector::core {
namespace {

TEST(PrivateStack, SuspendsAndResumes) {
  PrivateStack stack;
  std::string trace;
  bool finished = stack.start([&] {
    trace += 'a';
    stack.suspend();
    trace += 'b';
    stack.suspend();
    trace += 'c';
  });
  EXPECT_FALSE(finished);
  trace += '1';
  EXPECT_FALSE(stack.resume());
  trace += '2';
  EXPECT_TRUE(stack.resume());
  EXPECT_EQ(trace, "a1b2c");
  EXPECT_TRUE(stack.start([&] { trace += 'd'; }));
  EXPECT_EQ(trace, "a1b2cd");
}

TEST(PrivateStack, ExceptionsAndNesting) {
  PrivateStack outer, inner;
  int caught = 0;
  EXPECT_FALSE(outer.start([&] {
    try {
      throw 1;
    } catch (int) {
      ++caught;
    }
    outer.suspend();
    try {
      throw 2;
    } catch (int) {
      ++caught;
    }
  }));
  try {
    throw 3;
  } catch (int) {
    EXPECT_TRUE(inner.start([&] {
      try {
        throw 4;
      } catch (int) {
        ++caught;
      }
    }));
    ++caught;
  }
  EXPECT_TRUE(outer.resume());
  EXPECT_EQ(caught, 4);
}

}  // namespace
}  // namespace connector::core
