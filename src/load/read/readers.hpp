// The connections beside a run's first one, by which it reads the rows of a whole table.
//
// The first one describes the table, divides it into parts, and offers the others the state that they read; it reads
// nothing meanwhile.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/further_connection.hpp"
#include "core/remote/parallel_read.hpp"
#include "load/read/run.hpp"
#include "pg/tie.hpp"

namespace connector::load {

/// How many connections are asked for, and how they are made.
struct ReaderTerms {
  std::int64_t asked = 1;    ///< by the request
  std::int64_t allowed = 1;  ///< by the setting
  core::Connect connect{};
  std::chrono::seconds read_timeout{0};
  std::function<core::RunPoint()> point{};
};

class Readers {
 public:
  /// What the terms refer to outlives the object, which belongs to one transaction.
  explicit Readers(ReaderTerms terms);
  ~Readers() { close(); }
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  /// Has several connections come to read the source, which is one of the run's first connection and not open, if they
  /// are asked for, it is worth it, and it can be. Else all is as before, and a NOTICE says why; but of a small table
  /// nothing is said. Looks once: later calls have the same answer until the source was read so.
  bool prepare(core::Source& source, const Run& run);

  /// Where prepare() has said yes: reads. Lasts until close().
  core::ParallelRead& open(core::PartedScan scan, const core::BatchShape& shape);
  /// Ends what they read, and the connections.
  void close() noexcept;

  /// How many connections read, or have read.
  int count() const noexcept { return count_; }
  /// Why these are fewer than were asked for; empty if they are not, or the table is small.
  const std::string& why_fewer() const noexcept { return why_fewer_; }

 private:
  bool look(core::Source& source, const Run& run);
  std::vector<core::FurtherConnection*> add_connections(std::size_t count, const Run& run);
  std::string connect(std::size_t wanted, const Run& run);
  std::string come_together(const core::Source& source, const Run& run);
  void replace_first(const core::Source& source, const Run& run);
  void tell(const std::string& reason);

  ReaderTerms terms_;
  std::optional<bool> is_ready_;
  std::vector<std::string> parts_;
  int count_ = 1;
  std::string why_fewer_;
  pg::Tied<core::FurtherConnections> connections_;
  pg::Tied<core::ParallelRead> read_;  ///< ends before the connections, whichever way the two end
  core::Wait* wait_ = nullptr;
};

}  // namespace connector::load
