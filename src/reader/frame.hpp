// What the backend and the program connector-reader tell each other: frames over a socket pair. Rows go through a file
// that both have, see row_stream.hpp.
//
// A frame is a kind and the length of its body, four bytes each in the order of this CPU, and the body. Both programs
// are of one build, which the first frame tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connector::reader {

enum class FrameKind : std::uint32_t {
  // From the reader.
  hello = 1,  ///< the first frame: build_id()
  done,       ///< the answer to a request: JSON
  failed,     ///< likewise: an error, JSON
  rows,       ///< RowsFrame
  counts,     ///< what is counted of the rows that come next, if it has changed: JSON
  // From the backend. Each has one answer, `done` or `failed`, unless it says otherwise.
  connect = 64,
  check,
  closed_by_remote,
  list_tables,
  describe,
  join,    ///< sources as one; the answer is its number, 0 = they can't be joined
  forget,  ///< a source; has no answer
  support,
  orders_by,
  orders_cheaply,
  samples,
  groups_by,
  aggregate,  ///< the answer is a column, or null
  joins,
  takes,
  statement,
  change_mark,
  divide,       ///< the answer is a list of texts
  offer_state,  ///< the answer is an offer
  join_state,
  end_offer,
  open,   ///< a cursor
  read,   ///< `counts` and `rows` come, then a `done` or `failed` for the end of the cursor
  more,   ///< a slot of the file may be filled again: MoreFrame; has no answer
  close,  ///< the cursor is to end early: its end comes soon, behind what was on its way. Behind its end: nothing
  stop,   ///< ends whatever goes on, and the process; has no answer
};

/// No frame is longer: an answer that lists a hundred thousand tables is far below.
inline constexpr std::size_t max_frame_bytes = 32 * 1024 * 1024;

struct Frame {
  FrameKind kind;
  std::string body;
};

/// The body of `rows`: so many bytes of the row stream are in the slot.
struct RowsFrame {
  std::uint32_t slot;
  std::uint32_t bytes;
};

/// The body of `more`.
struct MoreFrame {
  std::uint32_t slot;
};

/// The frame as it is sent.
std::string frame_bytes(FrameKind kind, std::string_view body);

/// A body of a fixed form, as the frame has it.
template <typename Body>
std::string_view body_bytes(const Body& body) noexcept {
  return {reinterpret_cast<const char*>(&body), sizeof body};
}

/// Puts frames together from what comes in pieces. The pieces may hold anything.
class FrameAssembler {
 public:
  /// Where the next `size` bytes at most are to be put; then call added().
  char* space(std::size_t size);
  void added(std::size_t size) noexcept { end_ += size; }
  /// The next whole frame, if there is one. Throws core::Error if it would be longer than max_frame_bytes.
  std::optional<Frame> next();

 private:
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what was not taken
  std::size_t end_ = 0;    ///< of what has come
};

/// Tells builds apart: version of the extension, and what the sources were.
std::string_view build_id() noexcept;

}  // namespace connector::reader
