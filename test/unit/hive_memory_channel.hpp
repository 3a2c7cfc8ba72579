// Answers of a server that is not there.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "drivers/hive/channel.hpp"

namespace connector::hive {

/// Gives bytes in pieces, then says that the connection has ended.
class MemoryChannel final : public Channel {
 public:
  explicit MemoryChannel(std::string bytes, std::size_t piece = 7) : bytes_(std::move(bytes)), piece_(piece) {}
  void send(std::string_view) override {}
  std::span<char> receive() override {
    if (at_ == bytes_.size()) throw closed_failure();
    const std::size_t size = std::min(piece_, bytes_.size() - at_);
    at_ += size;
    return {bytes_.data() + at_ - size, size};
  }

 private:
  std::string bytes_;
  std::size_t piece_;
  std::size_t at_ = 0;
};

}  // namespace connector::hive
