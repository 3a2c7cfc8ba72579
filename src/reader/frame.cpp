#include "reader/frame.hpp"

#include <algorithm>
#include <cstring>

#include "reader/broken_reader.hpp"

namespace connector::reader {

namespace {

struct Header {
  std::uint32_t kind;
  std::uint32_t length;
};

}  // namespace

std::string frame_bytes(FrameKind kind, std::string_view body) {
  const Header header{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(body.size())};
  std::string bytes(body_bytes(header));
  return bytes += body;
}

char* FrameAssembler::space(std::size_t size) {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    // A huge frame does not keep its memory.
    constexpr std::size_t kept = 1024 * 1024;
    if (buffer_.size() > kept) std::string().swap(buffer_);
  }
  if (buffer_.size() - end_ < size) {
    buffer_.erase(0, begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() - end_ < size) buffer_.resize(std::max(end_ + size, buffer_.size() * 2));
  }
  return buffer_.data() + end_;
}

std::optional<Frame> FrameAssembler::next() {
  Header header;
  if (end_ - begin_ < sizeof header) return std::nullopt;
  std::memcpy(&header, buffer_.data() + begin_, sizeof header);
  if (header.length > max_frame_bytes) throw broken_reader("a frame is too long");
  if (end_ - begin_ - sizeof header < header.length) return std::nullopt;
  begin_ += sizeof header;
  Frame frame{static_cast<FrameKind>(header.kind), buffer_.substr(begin_, header.length)};
  begin_ += header.length;
  return frame;
}

#ifndef CONNECTOR_BUILD_ID
#define CONNECTOR_BUILD_ID ""
#endif

std::string_view build_id() noexcept {
  return CONNECTOR_BUILD_ID;
}

}  // namespace connector::reader
