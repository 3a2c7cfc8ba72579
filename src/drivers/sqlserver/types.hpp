// Which local type a remote column gets, how it is asked for, and how its values are read: the one place that knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/rows/logical_type.hpp"
#include "core/rows/row_batch.hpp"

namespace connector::sqlserver {

/// How a value in db-lib's binary form is read and stored.
enum class Decode : std::uint8_t {
  boolean,
  uint8,
  int16,
  int32,
  int64,
  float4,
  float8,
  money4,  ///< int32 / 10,000
  money8,  ///< two halves of an int64 / 10,000
  numeric,
  smalldatetime,
  datetime,
  date,
  time,
  datetime2,
  datetimeoffset,
  uuid,
  text,
  bytes,
  geometry,  ///< SRID, big-endian, and WKB: what the column is rewritten to
};

/// A column as sp_describe_first_result_set, or the result itself, tells it.
struct ColumnFacts {
  std::string name;
  std::string type_name;  ///< system_type_name, "nvarchar(20)"; empty for CLR types
  std::string user_type;  ///< name of an alias or CLR type
  int max_length = 0;     ///< bytes; -1 = max
  int precision = 0;
  int scale = 0;
  bool not_null = false;
};

/// A column as db-lib tells it of a result at hand.
struct WireFacts {
  int type = 0;         ///< SYB… of dbcoltype()
  int server_type = 0;  ///< as the server sent it: tells char from varchar, and both from Unicode
  int user_type = 0;
  int max_length = 0;  ///< bytes over there
  int precision = 0;
  int scale = 0;
  bool not_null = false;
};

struct ColumnRule {
  core::LogicalType type;
  core::ValueForm form = core::ValueForm::datum;
  Decode decode = Decode::text;
  std::string encoding = "UTF8";  ///< of text
  std::string remote_type;        ///< in the server's words
  std::string unsupported;        ///< not empty: why it can't be read
  /// What the column must be rewritten to; `?` stands for the column. Empty = it is read as it is.
  std::string rewrite;
  /// A second expression, for bytes that are shown as hexadecimal digits here, 0x01FF; NULL = the first one has the
  /// value. Empty = there is none.
  std::string rewrite_to_bytes;
  /// What is read is no image of the column's values, of which NULL may be one: nothing can be said of them.
  bool is_changed = false;
};

/// What a result tells of its column. The name of a CLR type is not among it: `user_type` says only that it is one.
ColumnFacts result_facts(std::string name, const WireFacts& facts);

/// The rule of a column of which this is known. `encoding`: of the request. `dates_as_text`: before TDS 7.3 the server
/// sends the types that came with 7.3 (date, time, datetime2, datetimeoffset) as text.
ColumnRule described_rule(const ColumnFacts& facts, const std::optional<std::string>& encoding, bool dates_as_text);

/// Whether a server may have values that are read so and have no place here.
bool may_be_invalid(Decode decode) noexcept;

/// True if all values of a column of a result (`sent`) can be stored as was described. Values of a rewritten column
/// are no longer of the described type: then only their form counts.
bool can_store(const ColumnRule& described, const ColumnRule& sent);

/// The rewritten column: `?` of one of the rule's expressions replaced by `column`.
std::string rewritten(std::string_view expression, std::string_view column);

}  // namespace connector::sqlserver
