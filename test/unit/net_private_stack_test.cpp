#include "core/net/private_stack.hpp"

#include <exception>
#include <stdexcept>
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

/// Suspends itself in the middle of handling an exception, and again in one that is thrown there.
void suspend_in_catch_blocks(PrivateStack& stack, const std::string& name, std::string& trace) {
  try {
    throw std::runtime_error(name + "1");
  } catch (const std::runtime_error& first) {
    stack.suspend();
    try {
      throw std::runtime_error(name + "2");
    } catch (const std::runtime_error&) {
      stack.suspend();
      trace += std::to_string(std::uncaught_exceptions());
      try {
        throw;
      } catch (const std::runtime_error& second) {
        trace += second.what();
      }
    }
    stack.suspend();
    try {
      throw;
    } catch (const std::runtime_error& again) {
      trace += again.what();
      EXPECT_EQ(&again, &first);
    }
  }
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(PrivateStack, ExceptionsOfSeveralStacksDoNotMix) {
  PrivateStack one, other;
  std::string trace;
  EXPECT_FALSE(one.start([&] { suspend_in_catch_blocks(one, "a", trace); }));
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_FALSE(other.start([&] { suspend_in_catch_blocks(other, "b", trace); }));
  try {
    throw std::runtime_error("c");
  } catch (const std::runtime_error&) {
    EXPECT_FALSE(one.resume());
    EXPECT_FALSE(other.resume());
    EXPECT_FALSE(one.resume());
    EXPECT_EQ(trace, "0a2");
    try {
      throw;
    } catch (const std::runtime_error& ours) {
      EXPECT_STREQ(ours.what(), "c");
    }
    EXPECT_FALSE(other.resume());
    EXPECT_TRUE(one.resume());
  }
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_TRUE(other.resume());
  EXPECT_EQ(trace, "0a20b2a1b1");
}

/// Resumes a stack while an exception passes.
TEST(PrivateStack, RunsWhileAnExceptionIsOnItsWay) {
  class Resumes {
   public:
    explicit Resumes(PrivateStack& stack) : stack_(stack) {}
    ~Resumes() {
      EXPECT_EQ(std::uncaught_exceptions(), 1);
      EXPECT_FALSE(stack_.resume());
      EXPECT_TRUE(stack_.resume() || stack_.resume());
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }

   private:
    PrivateStack& stack_;
  };
  PrivateStack stack;
  std::string trace;
  EXPECT_FALSE(stack.start([&] { suspend_in_catch_blocks(stack, "a", trace); }));
  try {
    const Resumes resumes(stack);
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(trace, "0a2a1");
}

/// As a driver that is suspended together with its library.
TEST(PrivateStack, SuspendsWithinAnother) {
  PrivateStack outer, inner;
  std::string trace;
  EXPECT_FALSE(outer.start([&] {
    bool finished = inner.start([&] { suspend_in_catch_blocks(inner, "i", trace); });
    while (!finished) {
      try {
        throw 1;
      } catch (int) {
        outer.suspend();
      }
      finished = inner.resume();
    }
  }));
  EXPECT_FALSE(outer.resume());
  EXPECT_FALSE(outer.resume());
  EXPECT_TRUE(outer.resume());
  EXPECT_EQ(trace, "0i2i1");
}

std::size_t deep(std::size_t levels) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(levels);
  return levels == 0 ? 0 : deep(levels - 1) + (frame[0] == static_cast<char>(levels) ? 1 : 0);
}

TEST(PrivateStack, CanBeLarge) {
  PrivateStack stack(64 * 1024 * 1024 + 1);
  std::size_t levels = 0;
  EXPECT_TRUE(stack.start([&] { levels = deep(10000); }));
  EXPECT_EQ(levels, 10000U);
}

}  // namespace
}  // namespace connector::core
