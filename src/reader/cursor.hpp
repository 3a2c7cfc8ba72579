// A cursor whose other half is in a process connector-reader, which reads ahead while the rows are stored here.
#pragma once

#include <optional>
#include <vector>

#include "core/remote/source.hpp"
#include "reader/channel.hpp"
#include "reader/messages.hpp"
#include "reader/row_stream.hpp"

namespace connector::reader {

class ReaderCursor final : public core::RemoteCursor, private SlotSource {
 public:
  explicit ReaderCursor(Channel& channel) noexcept : channel_(channel) {}
  ~ReaderCursor() override;

  bool fetch(core::RowBatch& batch) override;
  std::span<const std::uint64_t> substitutions(std::size_t kind) const override;
  std::vector<core::RemoteWarning> warnings() const override { return warnings_; }

 private:
  std::size_t next_slot(char* to) override;
  void begin(const core::RowBatch& batch);
  void take_counts(const CountsMessage& counts);
  std::size_t take_rows(const Frame& frame, char* to);

  Channel& channel_;
  std::optional<RowReader> rows_;    ///< once the first rows are asked for
  core::RowBatch* batch_ = nullptr;  ///< while it is filled
  CountsMessage counts_;
  std::vector<core::RemoteWarning> warnings_;
  bool ended_ = false;
};

}  // namespace connector::reader
