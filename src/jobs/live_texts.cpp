#include "jobs/live_texts.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/base/utf8.hpp"
#include "core/request/request_texts.hpp"
#include "pg/guard.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/dsm.h"
}

namespace connector::jobs {

namespace {

// A handle may have become that of somebody else's segment.
constexpr std::uint64_t our_mark = 0x636f6e6e6563746fULL;

constexpr std::size_t name_bytes = 4 * NAMEDATALEN;

struct Segment {
  std::uint64_t mark;
  std::int32_t pid;
  pg_atomic_uint32 changes;  ///< odd while the texts are being written
  char server[core::max_request_text + 1];
  char source[core::max_request_text + 1];
  char schema[name_bytes];
  char table[name_bytes];
};

/// Per process, as the segment is.
dsm_segment* own = nullptr;

template <std::size_t size>
void write(char (&place)[size], std::string_view text) {
  const std::string_view fitting = core::truncate_utf8(text, size - 1);
  std::memcpy(place, fitting.data(), fitting.size());
  place[fitting.size()] = '\0';
}

template <std::size_t size>
std::string read(const char (&place)[size]) {
  return {place, static_cast<std::size_t>(std::find(place, place + size, '\0') - place)};
}

void make_segment() {
  // Without memory for it, a run goes on without texts.
  try {
    pg::in_subtransaction([] {
      pg::guard([] {
        own = dsm_create(sizeof(Segment), DSM_CREATE_NULL_IF_MAXSEGMENTS);
        if (own != nullptr) dsm_pin_mapping(own);
      });
    });
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) throw;
    own = nullptr;
  }
  if (own == nullptr) return;
  auto* segment = static_cast<Segment*>(dsm_segment_address(own));
  std::memset(segment, 0, sizeof(Segment));
  pg_atomic_init_u32(&segment->changes, 0);
  segment->pid = MyProcPid;
  segment->mark = our_mark;
}

std::optional<LiveTexts> read_segment(Segment* segment, int pid) {
  if (segment->mark != our_mark || segment->pid != pid) return std::nullopt;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const std::uint32_t before = pg_atomic_read_u32(&segment->changes);
    pg_read_barrier();
    LiveTexts texts{read(segment->server), read(segment->source), read(segment->schema), read(segment->table)};
    pg_read_barrier();
    if (before % 2 == 0 && pg_atomic_read_u32(&segment->changes) == before) return texts;
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t publish_live_texts(const LiveTexts& texts) {
  if (!IsUnderPostmaster) return 0;
  if (own == nullptr) make_segment();
  if (own == nullptr) return 0;
  auto* segment = static_cast<Segment*>(dsm_segment_address(own));
  pg_atomic_fetch_add_u32(&segment->changes, 1);
  pg_write_barrier();
  write(segment->server, texts.server);
  write(segment->source, texts.source);
  write(segment->schema, texts.schema);
  write(segment->table, texts.table);
  pg_write_barrier();
  pg_atomic_fetch_add_u32(&segment->changes, 1);
  return dsm_segment_handle(own);
}

std::optional<LiveTexts> read_live_texts(std::uint32_t handle, int pid) {
  if (handle == 0 || !IsUnderPostmaster) return std::nullopt;
  // A segment can't be attached twice: code of a table that is refreshed may look at its own run.
  if (own != nullptr && dsm_segment_handle(own) == handle) {
    return read_segment(static_cast<Segment*>(dsm_segment_address(own)), pid);
  }
  dsm_segment* attached = pg::guard([=] { return dsm_attach(handle); });
  if (attached == nullptr) return std::nullopt;
  std::optional<LiveTexts> texts;
  if (pg::guard([=] { return dsm_segment_map_length(attached); }) >= sizeof(Segment)) {
    texts = read_segment(static_cast<Segment*>(dsm_segment_address(attached)), pid);
  }
  pg::guard([=] { dsm_detach(attached); });
  return texts;
}

}  // namespace connector::jobs
