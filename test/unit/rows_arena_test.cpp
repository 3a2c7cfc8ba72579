#include "core/rows/arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace connector::core {
namespace {

bool aligned(const char* address) {
  return reinterpret_cast<std::uintptr_t>(address) % 8 == 0;
}

TEST(Arena, HandsOutAlignedMemoryThatStaysPut) {
  Arena arena(64);
  std::vector<char*> values;
  for (std::size_t size = 1; size < 100; ++size) {
    char* value = arena.allocate(size);
    EXPECT_TRUE(aligned(value)) << size;
    std::memset(value, static_cast<int>(size), size);
    values.push_back(value);
  }
  for (std::size_t size = 1; size < 100; ++size) {
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(values[size - 1][i], static_cast<char>(size));
  }
}

TEST(Arena, SmallValuesShareAChunk) {
  Arena arena(1024);
  char* first = arena.allocate(5);
  EXPECT_EQ(arena.allocate(8), first + 8);
  EXPECT_EQ(arena.allocate(1), first + 16);
}

TEST(Arena, SmallValuesGoOnFillingTheChunkAfterALargeOne) {
  Arena arena(1024);
  char* first = arena.allocate(8);
  char* large = arena.allocate(5000);
  std::memset(large, 1, 5000);
  EXPECT_EQ(arena.allocate(8), first + 8);
}

TEST(Arena, ReusesItsChunksAfterClear) {
  Arena arena(1024);
  char* first = arena.allocate(100);
  arena.allocate(1000);
  arena.clear();
  EXPECT_EQ(arena.allocate(100), first);
}

TEST(Arena, AChunkIsFilledToItsEnd) {
  Arena arena(64);
  char* first = arena.allocate(64);
  arena.clear();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(arena.allocate(8), first + 8 * i);
  EXPECT_NE(arena.allocate(8), first + 64);
}

TEST(Arena, ClearWithoutUseDoesNothing) {
  Arena arena;
  arena.clear();
  arena.clear();
  EXPECT_TRUE(aligned(arena.allocate(1)));
}

}  // namespace
}  // namespace connector::core
