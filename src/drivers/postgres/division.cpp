#include "drivers/postgres/division.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>
#include <utility>

#include "core/base/list_text.hpp"
#include "core/remote/key_ranges.hpp"
#include "core/remote/source.hpp"
#include "drivers/postgres/catalog_rows.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/sql_text.hpp"
#include "drivers/postgres/types.hpp"

namespace connector::postgres {

namespace {

/// Of each relation, in a part: planning a statement costs about as much.
constexpr std::uint64_t least_blocks = 4;

/// The types whose values can be divided, by their OIDs: smallint, integer, bigint, date, timestamp, timestamptz, uuid.
constexpr std::array<Oid, 7> key_types{21, 23, 20, 1082, 1114, 1184, 2950};

/// The relations that a SELECT of the table reads, as the snapshot has them: itself and all that inherits from it.
std::string tree(const std::string& table) {
  return "WITH RECURSIVE tree (oid) AS (SELECT " + quote_literal(table) +
         "::pg_catalog.regclass::pg_catalog.oid UNION SELECT i.inhrelid FROM tree, pg_catalog.pg_inherits i "
         "WHERE i.inhparent OPERATOR(pg_catalog.=) tree.oid)";
}

/// Whether relation `c` has no rows, or is a heap.
std::string is_heap(const Session& session) {
  // Before 12 there was no other storage.
  const std::string has_heap =
      session.version() >= 120000
          ? " AND (SELECT a.amhandler OPERATOR(pg_catalog.=) 'pg_catalog.heap_tableam_handler'::pg_catalog.regproc "
            "FROM pg_catalog.pg_am a WHERE a.oid OPERATOR(pg_catalog.=) c.relam)"
          : "";
  return "(c.relkind OPERATOR(pg_catalog.=) 'p' OR c.relkind OPERATOR(pg_catalog.=) ANY "
         "('{r,m}'::pg_catalog.\"char\"[])" +
         has_heap + ")";
}

/// What a SELECT of the table reads.
struct Storage {
  std::vector<std::uint64_t> blocks{};  ///< of each relation that has rows of its own
  bool is_heap = true;                  ///< all of them
  bool may_have_children = true;
  bool may_read_ctid = false;
  bool may_read_tableoid = false;
};

Storage read_storage(Session& session, const std::string& table) {
  const auto may_read = [&](const char* column) {
    return ", CASE WHEN c.relkind IN ('r', 'p', 'm') THEN has_column_privilege(" + quote_literal(table) +
           "::regclass, '" + column + "', 'SELECT') END";
  };
  // What relpages tells may be old. A role that may read some columns may not read those of the system.
  const auto answers = session.run(set_search_path(SearchPath::catalog) + tree(table) +
                                       " SELECT c.relkind, pg_relation_size(c.oid) / "
                                       "current_setting('block_size')::bigint, " +
                                       is_heap(session) + may_read("ctid") + may_read("tableoid") +
                                       " FROM tree JOIN pg_class c ON c.oid = tree.oid",
                                   looking_up);
  Storage storage{.is_heap = answers.size() == 1 && !answers[0].empty()};
  if (!storage.is_heap) return storage;
  for (const TextRow& row : answers[0]) {
    const std::string kind = text(row, 0);
    storage.is_heap = storage.is_heap && is_true(row, 2);
    storage.may_have_children = kind != "m";
    storage.may_read_ctid = is_true(row, 3);
    storage.may_read_tableoid = is_true(row, 4);
    if (kind != "p") storage.blocks.push_back(number<std::uint64_t>(row, 1).value_or(0));
  }
  return storage;
}

/// That a row is of a relation that belongs to the table by the snapshot: the server reads all that belong to it when
/// the statement is planned, and one that is attached meanwhile would be in some parts only.
std::string is_member(const std::string& table, std::size_t members) {
  // An array is looked through from its begin, a subquery is hashed.
  constexpr std::size_t few = 16;
  const std::string query = tree(table) + " SELECT tree.oid FROM tree";
  return "tableoid OPERATOR(pg_catalog.=) ANY (" + (members <= few ? "ARRAY(" + query + ")" : query) + ")";
}

/// A column by which each relation of the table has an index that is in its order.
struct Key {
  std::string column;            ///< quoted
  core::RemoteColumn described;  ///< as far as a dialect needs it
};

std::optional<Key> find_key(Session& session, const std::string& table) {
  std::string types;
  for (const Oid type : key_types) core::add_item(types, std::to_string(type));
  // The relations that have rows. Where there are several, those that inherit may have dropped NOT NULL (before 18).
  const auto answers = session.run(
      set_search_path(SearchPath::catalog) + tree(table) +
          ", leaf AS (SELECT c.oid FROM tree JOIN pg_class c ON c.oid = tree.oid WHERE c.relkind IN ('r', 'm') AND "
          "pg_relation_size(c.oid) > 0), keyed AS (SELECT i.indrelid, a.attname, a.atttypid, "
          "bool_or(i.indisprimary) AS is_primary, bool_or(i.indisunique) AS is_unique FROM leaf JOIN pg_index i ON "
          "i.indrelid = leaf.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_opclass o ON o.oid = i.indclass[0] "
          "JOIN pg_am m ON m.oid = x.relam JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
          "WHERE i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree' AND o.opcdefault AND a.atttypid IN (" +
          types +
          ") GROUP BY i.indrelid, a.attname, a.atttypid) SELECT r.attname, r.atttypid, r.attnotnull AND "
          "(SELECT count(*) FROM tree) = 1 FROM pg_attribute r JOIN keyed k ON k.attname = r.attname AND "
          "k.atttypid = r.atttypid WHERE r.attrelid = " +
          quote_literal(table) +
          "::regclass AND has_column_privilege(r.attrelid, r.attnum, 'SELECT') GROUP BY r.attrelid, r.attnum, "
          "r.attname, r.atttypid, r.attnotnull HAVING count(*) = (SELECT count(*) FROM leaf) "
          "ORDER BY bool_and(k.is_primary) DESC, bool_and(k.is_unique) DESC, r.attnum LIMIT 1",
      looking_up);
  if (answers.size() != 1 || answers[0].size() != 1) return std::nullopt;
  const TextRow& row = answers[0][0];
  core::RemoteColumn described;
  described.type = binary_rule({.oid = number<Oid>(row, 1).value_or(0)}, {}, 0).type;
  described.not_null = is_true(row, 2);
  return Key{.column = quote_identifier(text(row, 0)), .described = std::move(described)};
}

/// The planner's number of rows in the first line of a plan as text: `… (cost=0.00..1.05 rows=5 width=4)`.
double planned_rows(const std::string& line) {
  constexpr std::string_view label = " rows=";
  const auto at = line.rfind(label);
  double rows = 0;
  if (at != std::string::npos) std::from_chars(line.data() + at + label.size(), line.data() + line.size(), rows);
  return rows;
}

std::vector<std::string> divide_by_key(Session& session, const std::string& table, const Key& key,
                                       const core::Dialect& dialect, std::size_t wanted) {
  // uuid has min() and max() since 18 only.
  const auto end = [&](const char* order) {
    return "SELECT e.k::pg_catalog.text FROM (SELECT " + key.column + " FROM " + table + " WHERE " + key.column +
           " IS NOT NULL ORDER BY " + key.column + order + " LIMIT 1) AS e (k)";
  };
  const auto ends = session.run(end("") + "; " + end(" DESC"), looking_up);
  if (ends.size() != 2 || ends[0].size() != 1 || ends[1].size() != 1) return {};
  const auto estimates = [&](std::span<const core::KeyRange> ranges) {
    std::string plans;
    for (const core::KeyRange& range : ranges) {
      const std::string condition = dialect.key_range(key.column, key.described, range).value_or("true");
      core::add_item(plans, "EXPLAIN SELECT 1 FROM " + table + " WHERE " + condition, "; ");
    }
    const auto answers = session.run(plans, looking_up);
    std::vector<double> rows(ranges.size(), 0);
    for (std::size_t i = 0; i < std::min(rows.size(), answers.size()); ++i) {
      if (!answers[i].empty()) rows[i] = planned_rows(text(answers[i][0], 0));
    }
    return rows;
  };
  return dialect.key_parts(
      key.column, key.described,
      core::divide_key(key.described.type, text(ends[0][0], 0), text(ends[1][0], 0), wanted, estimates));
}

}  // namespace

std::vector<std::string> block_ranges(std::span<const std::uint64_t> blocks, std::size_t wanted) {
  const std::uint64_t most = blocks.empty() ? 0 : std::ranges::max(blocks);
  const std::uint64_t all = std::accumulate(blocks.begin(), blocks.end(), std::uint64_t{0});
  const std::uint64_t useful = all / (least_blocks * std::max<std::uint64_t>(blocks.size(), 1));
  const std::uint64_t parts =
      std::clamp<std::uint64_t>(useful, 1, std::clamp<std::size_t>(wanted, 1, core::most_parts));
  const auto blocks_below = [&](std::uint64_t end) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : blocks) sum += std::min(count, end);
    return sum;
  };
  const auto condition = [](const char* comparison, std::uint64_t block) {
    return std::string("ctid OPERATOR(pg_catalog.") + comparison + ") '(" + std::to_string(block) +
           ",0)'::pg_catalog.tid";
  };
  std::vector<std::string> ranges;
  std::uint64_t begin = 0;
  for (std::uint64_t part = 1; part < parts; ++part) {
    // The first block before which a part's share of all blocks lies.
    const std::uint64_t share = all / parts * part + all % parts * part / parts;
    std::uint64_t low = begin, high = most;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (blocks_below(middle) < share) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == begin || low >= most) continue;
    ranges.push_back(condition(">=", begin) + " AND " + condition("<", low));
    begin = low;
  }
  ranges.push_back(condition(">=", begin));
  return ranges;
}

std::string is_divisible(const Session& session, const std::string& table) {
  return "(" + tree(table) + " SELECT pg_catalog.bool_and(" + is_heap(session) +
         ") FROM tree JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) tree.oid)";
}

std::vector<std::string> divide_table(Session& session, const std::string& table, const core::Dialect& dialect,
                                      std::size_t wanted) {
  const Storage storage = read_storage(session, table);
  // What lies elsewhere is not of the state that a snapshot shows: foreign tables and partitions. What other access
  // methods make of an exported snapshot is not known.
  if (!storage.is_heap) return {};
  std::vector<std::string> parts = block_ranges(storage.blocks, wanted);
  if (parts.size() == 1) return {"true"};
  if (storage.may_have_children && !storage.may_read_tableoid) return {};
  // Since 14 conditions on ctid are read as ranges of blocks (its release notes, "TID Range Scan").
  if (!storage.may_read_ctid || session.version() < 140000) {
    const std::optional<Key> key = find_key(session, table);
    if (!key) return {};
    parts = divide_by_key(session, table, *key, dialect, wanted);
  }
  if (storage.may_have_children) {
    const std::string condition = is_member(table, storage.blocks.size());
    for (std::string& part : parts) part += " AND " + condition;
  }
  return parts;
}

}  // namespace connector::postgres
