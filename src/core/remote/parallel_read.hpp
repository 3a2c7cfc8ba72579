// The rows of one table by several connections beside each other, each of which reads one part after the other.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/remote/further_connection.hpp"
#include "core/rows/row_batch.hpp"

namespace connector::core {

/// What is read.
struct PartedScan {
  Scan scan{};                       ///< neither a part nor a limit
  std::vector<std::string> parts{};  ///< as Source::divide() gives them
  std::optional<std::uint64_t> max_rows{};
  std::size_t substitution_kinds = 0;  ///< how many the provider has
};

/// The batches into which it is read: one for each connection.
struct BatchShape {
  std::vector<BatchColumn> columns;
  InvalidValues invalid_values = InvalidValues::error;
  std::size_t max_rows = 1000;
  std::size_t max_bytes = 256 * 1024;
};

/// No more rows are fetched than are wanted, so that what is counted is of rows that are handed out. While the caller
/// works on one connection's batch nothing runs here: the others go on as far as buffers on the way take their rows.
class ParallelRead {
 public:
  /// `connections` have their sources, of the same table and of one state of it, and outlive the object, as `wait`
  /// does.
  ParallelRead(const FurtherConnections& connections, Wait& wait) : connections_(connections), wait_(wait) {}
  /// What the connections still do is stopped, and they are closed.
  ~ParallelRead();
  ParallelRead(const ParallelRead&) = delete;
  ParallelRead& operator=(const ParallelRead&) = delete;

  /// To be called once.
  void open(PartedScan scan, const BatchShape& shape);

  /// The next rows, in whatever order, as soon as any connection has some; valid until the next call, and may be
  /// changed by the caller. Null when there are no more, or max_rows have been given. Throws what a connection has
  /// thrown, and what the wait throws; nothing more can be read then.
  RowBatch* next();
  /// Behind the last rows of next(): whether there is another row. A row that can't be stored counts as one. To be
  /// called last.
  bool has_another_row();

  /// Of all connections together: as RowBatch::invalid_counts(), RemoteCursor::substitutions() and warnings().
  std::vector<std::uint64_t> invalid_counts() const;
  std::vector<std::uint64_t> substitutions(std::size_t kind) const;
  const std::vector<RemoteWarning>& warnings() const noexcept { return warnings_; }

 private:
  enum class State : std::uint8_t {
    idle,     ///< waits for rows that it may fetch
    reading,  ///< its call is under way, or has ended and was not looked at
    ready,    ///< its batch has rows
    given,    ///< the caller has its batch
    done      ///< no part is left
  };

  struct Reader {
    FurtherConnection* connection = nullptr;
    RowBatch batch;
    std::string part{};
    std::unique_ptr<RemoteCursor> cursor{};
    std::optional<std::int64_t> limit{};  ///< of the part
    std::uint64_t allowed = 0;            ///< rows that it may fetch now
    bool has_begun = false;               ///< rows of the part have come
    bool more = false;                    ///< behind the batch
    State state = State::idle;
  };

  void begin(Reader& reader);
  void begin_idle();
  void fetch(Reader& reader);
  void end_call(Reader& reader);
  void end_calls();
  void end_part(Reader& reader);
  bool wait_for_batch();
  std::uint64_t rows_left() const noexcept;
  std::vector<AsyncCall*> calls_under_way() const;

  const FurtherConnections& connections_;
  Wait& wait_;
  PartedScan scan_;
  std::deque<std::string> parts_;  ///< that nobody has read yet
  std::vector<Reader> readers_;
  std::uint64_t batch_rows_ = 1;
  std::deque<Reader*> ready_;  ///< in the order in which they have got their rows
  Reader* given_ = nullptr;
  std::uint64_t counted_ = 0;  ///< rows in batches that are, or were, ready
  std::uint64_t allowed_ = 0;  ///< rows that calls under way may fetch
  bool is_looking_further_ = false;
  std::vector<std::vector<std::uint64_t>> substitutions_;  ///< of cursors that have ended, by kind
  std::vector<RemoteWarning> warnings_;                    ///< likewise
};

/// Whether the error is about a value of a row, which has come then.
bool is_about_a_value(const Error& error) noexcept;

/// Adds warnings to those that are known: one entry for each number.
void add_warnings(std::vector<RemoteWarning>& all, const std::vector<RemoteWarning>& more);

}  // namespace connector::core
