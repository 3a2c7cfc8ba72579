// A table or query of the remote: described, and read as often as its connection lasts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/connection_options.hpp"
#include "core/remote/range_sums.hpp"
#include "core/remote/scan.hpp"
#include "core/remote/table_parts.hpp"
#include "core/rows/logical_type.hpp"
#include "core/rows/row_batch.hpp"

namespace connector::core {

/// A column of a source as the remote describes it.
struct RemoteColumn {
  std::string name;         ///< UTF-8; may be empty
  std::string remote_type;  ///< in the remote's words, "bigint(20) unsigned"
  LogicalType type;         ///< the local type; meaningless if unsupported_reason is set
  ValueForm form = ValueForm::datum;
  /// Text and receive form: PostgreSQL's name of the encoding that text in its values arrives in.
  std::string encoding = "UTF8";
  std::string unsupported_reason;  ///< not empty: the column must be left out, and why
  /// Declared so by the remote for a table; what metadata tell of a view's columns is no promise. A value that becomes
  /// NULL on the way (a zero date) may contradict it: the loader drops the constraint then.
  bool not_null = false;
  /// Values that differ there may be one here (nanoseconds): an order by them is not that of the values here where more
  /// columns follow.
  bool is_rounded = false;
  /// Values there may be NULL here, as they have no image here: the remote is not asked which ones are NULL.
  bool may_become_null = false;
  /// False: a value here is not the image of one value there, and of no other (declared encodings, truth of numbers):
  /// the remote is asked for no condition and no order.
  bool is_comparable = true;
  /// Of text: the remote's name of how it compares and, for some, of its character set; empty = not known, or not asked
  /// for. For the driver's own dialect.
  std::string collation{};
  std::string comment;
  /// If defaults were asked for, of a table's column that has one; DEFAULT NULL is none.
  std::optional<ColumnDefault> default_value{};
};

/// Whether an order of the remote's values is one of the values here.
inline bool keeps_order(const RemoteColumn& column) noexcept {
  return !column.may_become_null && !column.is_rounded;
}

struct SourceDescription {
  std::vector<RemoteColumn> columns;
  std::vector<std::string> primary_key;          ///< remote column names in key order; empty = none or not known
  std::optional<std::int64_t> estimated_rows;    ///< the remote's own cheap estimate
  std::string comment;                           ///< of the table
  std::vector<RemoteIndex> indexes{};            ///< if they were asked for; in the order of their names
  std::vector<RemoteForeignKey> foreign_keys{};  ///< likewise
};

/// A column the request named, with the local type it asked for.
struct ColumnRequest {
  std::string name;
  /// A driver that can deliver this type natively (MySQL time as interval, say) describes the column so; else it
  /// describes the natural type and the loader casts.
  std::optional<LogicalType> wanted;
};

struct SourceRequest {
  std::string schema{};                   ///< empty = the provider's default
  std::string table{};                    ///< used if query is empty
  std::string query{};                    ///< sent as it is
  std::vector<ColumnRequest> columns{};   ///< empty = all
  std::optional<std::string> encoding{};  ///< of remote text, PostgreSQL's name; absent = ask for UTF-8
  ConnectionOptions parameters{};         ///< the keys that only this provider takes, as text
  /// Values that can't be held become NULL, which RemoteColumn::may_become_null tells of.
  bool invalid_become_null = false;
  TableParts parts{};  ///< of a table, to be described beside its columns
};

/// What a remote said of a statement whose rows were read, so often.
struct RemoteWarning {
  long code = 0;        ///< the remote's own number
  std::string message;  ///< of the first one, UTF-8
  std::uint64_t count = 0;
};

/// The rows of a scan, on their way. Not to be taken for an SQL cursor, or for the key `cursor` of a sync.
/// Destroying it early stops the remote statement as well as can be done in a second, without throwing; the connection
/// may be of no more use then.
class RemoteCursor {
 public:
  virtual ~RemoteCursor() = default;

  /// Adds rows to `batch` (whose columns are those of the scan, in that order) until it is full or the rows end.
  /// Returns false when there are no more rows; the batch may have got the last ones.
  virtual bool fetch(RowBatch& batch) = 0;

  /// How many values of the kind, an index in ProviderInfo::substitutions, came in another form, per column of the
  /// scan.
  virtual std::span<const std::uint64_t> substitutions(std::size_t /*kind*/) const { return {}; }

  /// Warnings about values, one entry for each number; known behind the last row. A warning that rows are missing or
  /// that a result was cut is an Error of fetch() instead.
  virtual std::vector<RemoteWarning> warnings() const { return {}; }
};

/// The most parts into which a table is divided, about: the remote tells how large it is, and may tell anything.
inline constexpr std::size_t most_parts = 1024;

/// A table or query that was described. It must not outlive its connection.
class Source {
 public:
  virtual ~Source() = default;

  /// Known as soon as the source exists. A column that was asked for and is not there is an Error (describe).
  virtual const SourceDescription& description() const = 0;

  /// Something that is sure to differ once rows of the source have changed, if the remote can tell that cheaply; asked
  /// for before open().
  virtual std::optional<std::string> change_mark() { return std::nullopt; }

  /// What the remote makes of a condition on the source's rows. May ask it.
  virtual Support support(const Expression& /*condition*/) { return Support::none; }
  /// Whether the remote can order the source's rows by the column as PostgreSQL does, text by its bytes in UTF-8; the
  /// order is of the values there, of which some may be NULL here. May ask it.
  virtual bool orders_by(std::size_t /*column*/) { return false; }
  /// Whether an order by the column, one of the primary key's that orders_by() takes, costs the remote so little that
  /// it is asked for where rows can be put in order here as well: an index serves it, or a sort can do no harm.
  virtual bool orders_cheaply(std::size_t column) { return !is_text_kind(description().columns[column].type.kind); }
  /// Whether the remote groups the rows by the column as PostgreSQL does: values that are equal here are one group, and
  /// no others; each value of a group is the same here, too. May ask it.
  virtual bool groups_by(std::size_t /*column*/) { return false; }
  /// What an aggregate's values are when they arrive; nothing if the remote does not compute it as PostgreSQL does,
  /// without loss and without overflow. Counts are int8 or numeric, sums integers or numeric. May ask it.
  virtual std::optional<RemoteColumn> aggregate(const Aggregate& /*aggregate*/) { return std::nullopt; }
  /// Whether the remote can join the next part so, and finds the pairs of rows that PostgreSQL finds. Of a joined
  /// source only. May ask it.
  virtual bool joins(const Join& /*join*/) { return false; }
  /// Whether the remote does in one statement, and as PostgreSQL does, all that the scan joins, groups and asks for.
  /// Each part of it is one that support(), joins(), groups_by() and aggregate() take. May ask it.
  virtual bool takes(const Scan& /*scan*/) { return true; }
  /// Whether a join by columns that no index serves takes the remote time like the rows of both sides, not like their
  /// product.
  virtual bool hashes_joins() { return true; }
  /// Whether the remote can choose rows at random: Scan::sample.
  virtual bool samples() { return false; }
  /// The statement by which open() reads the scan, to be shown to people. Parameters are $1, $2, … May ask the remote.
  virtual std::string statement(const Scan& /*scan*/) { return {}; }

  /// Parts of the source (Scan::part) that together have each of its rows once, NULL keys included: about `wanted` of
  /// them (of more than most_parts: about most_parts), of about equally many rows each as far as the remote can tell
  /// cheaply. Other sources of the same table, over other connections that read the same state, can open() them. Empty
  /// if the source can't be divided: a query, a view, a table without a column that serves. Asks the remote; before
  /// open().
  virtual std::vector<std::string> divide(std::size_t /*wanted*/) { return {}; }

  /// Why sum_ranges() can't be relied on, in words for people: a column whose type has no form in bytes that tells all
  /// its values apart, a key that the remote does not compare exactly as PostgreSQL does, a server without the
  /// functions, no way to read several times of one state. Empty if it can. May ask the remote. The bounds do not
  /// count.
  virtual std::string why_no_sums(const RangeRequest& /*request*/) { return "the provider has no checksums of ranges"; }
  /// From here on sum_ranges() and open() read of one state of the remote's data, until the source is destroyed. Only
  /// where why_no_sums() has nothing to say; before anything else is read.
  virtual void hold_state() {}
  /// One sum for each of the bounds.size() + 1 ranges, in order, then one for the rows whose key is NULL. Only where
  /// why_no_sums() has nothing to say. Sums of two calls can be compared if sum_form() is the same. A row that the
  /// remote has no hash for is an Error (cannot_read).
  virtual std::vector<RangeSum> sum_ranges(const RangeRequest& /*request*/) { return {}; }
  /// What the hash of a row is made of, in the remote's words: changes with the columns' types and with the rules of
  /// this program. Of the request only the columns count.
  virtual std::string sum_form(const RangeRequest& /*request*/) { return {}; }

  /// Executes. One cursor at a time; when it has come to its end, the source can be opened again, by another scan,
  /// without parameters. What the result tells of its columns must be what was described: else an Error.
  /// The limit is pushed to the remote where a table is read, and a driver may ignore it for a query as it is. The
  /// cursor must not outlive the source.
  virtual std::unique_ptr<RemoteCursor> open(const Scan& scan) = 0;
};

/// What Connection::join() makes of the descriptions of its parts. But for the first part no column is NOT NULL: a join
/// that is not inner makes rows without a partner.
SourceDescription joined_description(std::span<Source* const> parts);

}  // namespace connector::core
