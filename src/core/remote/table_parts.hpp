// What a table of the remote has beside its columns, its key and its comments. It is described only if it is asked for,
// and never as SQL of the remote's: whoever makes it here writes all SQL himself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/words.hpp"

namespace connector::core {

enum class TablePart : std::uint8_t { indexes, defaults, foreign_keys };
inline constexpr auto table_part_words = words<TablePart>(
    {{TablePart::indexes, "indexes"}, {TablePart::defaults, "defaults"}, {TablePart::foreign_keys, "foreign_keys"}});

/// Which parts are asked for.
struct TableParts {
  bool indexes = false;
  bool defaults = false;
  bool foreign_keys = false;

  bool any() const noexcept { return indexes || defaults || foreign_keys; }
};

/// What a column holds where an INSERT does not name it.
struct ColumnDefault {
  enum class Kind : std::uint8_t {
    constant,          ///< `text`, as the input function of the local type reads it
    current_time,      ///< the time (or date, by the column's type) at which the transaction or statement began
    current_utc_time,  ///< likewise, as a clock in UTC shows it, for types without time zone
    random_uuid,       ///< a new uuid for each row
    other              ///< the remote's expression is `text`, which nothing here stands for
  };
  Kind kind = Kind::other;
  std::string text;  ///< UTF-8
};

enum class IndexMethod : std::uint8_t { btree, hash, gist, gin, brin, spgist };
inline constexpr auto index_method_words = words<IndexMethod>({{IndexMethod::btree, "btree"},
                                                               {IndexMethod::hash, "hash"},
                                                               {IndexMethod::gist, "gist"},
                                                               {IndexMethod::gin, "gin"},
                                                               {IndexMethod::brin, "brin"},
                                                               {IndexMethod::spgist, "spgist"}});

/// An index, or the one of a unique constraint; that of the primary key is not listed. Names are UTF-8.
struct RemoteIndex {
  struct Column {
    std::string name;
    bool descending = false;
    /// PostgreSQL puts NULL behind all values, and with `descending` before them; here it is the other way.
    bool nulls_reversed = false;
  };

  std::string name;
  IndexMethod method = IndexMethod::btree;
  bool unique = false;
  bool nulls_equal = false;  ///< unique: NULL may be there once
  std::vector<Column> columns;
  std::vector<std::string> included;  ///< columns that are in the index beside its key
  /// Not empty: it has no equivalent here, and why; `columns` may be incomplete then.
  std::string left_out_reason;
};

/// `restricted` is RESTRICT, which PostgreSQL's headers have as a macro.
enum class ForeignKeyAction : std::uint8_t { no_action, restricted, cascade, set_null, set_default };
/// The words of SQL.
inline constexpr auto foreign_key_action_words =
    words<ForeignKeyAction>({{ForeignKeyAction::no_action, "NO ACTION"},
                             {ForeignKeyAction::restricted, "RESTRICT"},
                             {ForeignKeyAction::cascade, "CASCADE"},
                             {ForeignKeyAction::set_null, "SET NULL"},
                             {ForeignKeyAction::set_default, "SET DEFAULT"}});

struct RemoteForeignKey {
  std::string name;
  std::vector<std::string> columns;
  std::string schema;  ///< of the table that it refers to; empty if it is that of the table itself
  std::string table;
  std::vector<std::string> referenced_columns;  ///< as many as `columns`
  ForeignKeyAction on_delete = ForeignKeyAction::no_action;
  ForeignKeyAction on_update = ForeignKeyAction::no_action;
  bool match_full = false;
  bool deferrable = false;
  bool initially_deferred = false;
  /// Not empty: it has no equivalent here, and why.
  std::string left_out_reason;
};

}  // namespace connector::core
