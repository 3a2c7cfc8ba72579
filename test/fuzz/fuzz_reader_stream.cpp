// What a process connector-reader that was taken over may send: frames of any kind, messages, and rows in slots. Input:
// a byte for what it is, a byte for the columns, and the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "reader/frame.hpp"
#include "reader/messages.hpp"
#include "reader/row_stream.hpp"

using namespace connector;

namespace {

class Input final : public reader::SlotSource {
 public:
  explicit Input(std::string_view bytes) noexcept : bytes_(bytes) {}
  std::size_t next_slot(char* to) override {
    // Slots of odd sizes, as a writer may end one anywhere.
    const std::size_t size = std::min<std::size_t>(bytes_.size(), 61);
    bytes_.copy(to, size);
    bytes_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view bytes_;
};

void read_rows(std::string_view bytes, std::uint8_t choice) {
  constexpr core::TypeKind kinds[] = {core::TypeKind::boolean, core::TypeKind::int4,     core::TypeKind::numeric,
                                      core::TypeKind::text,    core::TypeKind::interval, core::TypeKind::bit,
                                      core::TypeKind::uuid,    core::TypeKind::timestamp};
  std::vector<core::BatchColumn> columns;
  for (std::size_t i = 0; i < 1 + choice % 11u; ++i) {
    const core::TypeKind kind = kinds[(choice + i) % std::size(kinds)];
    columns.push_back({.name = "c",
                       .type = {.kind = kind},
                       .form = kind == core::TypeKind::text ? core::ValueForm::text : core::ValueForm::datum});
  }
  Input input(bytes);
  reader::RowReader rows(input, columns);
  core::RowBatch batch(columns, core::InvalidValues::error, 16);
  while (rows.read(batch)) batch.clear();
}

void read_message(std::string_view text, std::uint8_t choice) {
  switch (choice % 11) {
    case 0:
      reader::described_message(text);
      break;
    case 1:
      reader::tables_message(text);
      break;
    case 2:
      reader::counts_message(text);
      break;
    case 3:
      reader::warnings_message(text);
      break;
    case 4:
      reader::error_message(text, [](const std::string& as_it_is) { return as_it_is; });
      break;
    case 5:
      reader::text_message(text);
      break;
    case 6:
      reader::number_message(text);
      break;
    case 8:
      reader::column_message(text);
      break;
    case 9:
      reader::division_message(text);
      break;
    case 10:
      reader::state_offer_message(text);
      break;
    default:
      reader::connected_message(text);
  }
}

void read_frames(std::string_view bytes, std::uint8_t choice) {
  reader::FrameAssembler assembler;
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes.size(), 1 + choice);
    bytes.copy(assembler.space(piece), piece);
    assembler.added(piece);
    bytes.remove_prefix(piece);
    while (assembler.next()) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  try {
    switch (data[0] % 3) {
      case 0:
        read_rows(bytes, data[1]);
        break;
      case 1:
        read_message(bytes, data[1]);
        break;
      default:
        read_frames(bytes, data[1]);
    }
  } catch (const core::Error&) {
    // Refused, as it should be.
  }
  return 0;
}
