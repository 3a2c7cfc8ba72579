// Memory for long requests and answers: clients that send or read slowly must not fill it.
#pragma once

#include <cstddef>
#include <utility>

namespace connector::http {

class ByteBudget {
 public:
  /// What is shorter is not counted: the number of connections bounds it.
  static constexpr std::size_t counted_from = std::size_t{64} * 1024;

  /// What one message has taken, given back when this is destroyed. The budget must outlive it.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : of_(std::exchange(other.of_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (of_ != nullptr) of_->left_ += bytes_;
    }

   private:
    friend class ByteBudget;
    ByteBudget* of_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit ByteBudget(std::size_t bytes) noexcept : left_(bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  /// Takes memory for a message of so many bytes. False if there is not as much left.
  bool take(std::size_t bytes, Share& share) noexcept {
    if (bytes <= counted_from) return true;
    if (bytes > left_) return false;
    left_ -= bytes;
    Share taken;
    taken.of_ = this;
    taken.bytes_ = bytes;
    share = std::move(taken);
    return true;
  }

 private:
  std::size_t left_;
};

}  // namespace connector::http
