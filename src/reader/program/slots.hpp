// What the program sends: frames, and rows in the slots of the shared file.
#pragma once

#include <cstdint>
#include <string_view>

#include "reader/frame.hpp"
#include "reader/program/inbox.hpp"
#include "reader/row_stream.hpp"

namespace connector::reader {

/// The socket, for writing. What can't be sent has nobody to read it: the process ends.
class Outbox {
 public:
  explicit Outbox(int socket) noexcept : socket_(socket) {}
  void send(FrameKind kind, std::string_view body);

 private:
  int socket_;
};

/// The slots of one cursor.
class Slots final : public SlotSink {
 public:
  Slots(char* file, Outbox& outbox, Inbox& inbox) noexcept : file_(file), outbox_(outbox), inbox_(inbox) {}

  /// Throws core::Interrupted once the backend has no use for more.
  char* next_slot() override;
  void send(std::size_t bytes) override;
  /// Takes what the backend has said meanwhile; throws likewise.
  void look();

 private:
  void take(const Frame& frame);

  char* file_;
  Outbox& outbox_;
  Inbox& inbox_;
  bool free_[slot_count] = {true, true};
  std::uint32_t next_ = 0;
};

}  // namespace connector::reader
