// How the SQL of a remote is written: one class for each driver, and nothing of it anywhere else.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/scan.hpp"
#include "core/rows/logical_type.hpp"

namespace connector::core {

struct RemoteColumn;

/// `text` between two characters, with `close` doubled inside.
std::string between_quotes(char open, std::string_view text, char close);

/// The bytes as hexadecimal digits, in lower case.
std::string hexadecimal(std::string_view bytes);

/// Whether the text is not empty and has no other characters than these.
bool consists_of(std::string_view text, std::string_view characters) noexcept;

/// Whether the text is like the pattern, in which 9 stands for a digit.
bool is_like(std::string_view text, std::string_view pattern) noexcept;

/// 10:20, 10:20:30 or 10:20:30.4
bool is_clock_time(std::string_view text) noexcept;

class Dialect {
 public:
  virtual ~Dialect() = default;

  /// What the remote makes of the condition on columns that are described so. Of logical_and it may get a part.
  Support support(const Expression& condition, const std::vector<RemoteColumn>& columns) const;
  /// Whether it orders values of the type as PostgreSQL does, text by its bytes in UTF-8.
  bool orders(const LogicalType& type) const { return compared("", type).has_value(); }

  /// What is selected, and from where, in the dialect's words.
  struct Selection {
    std::string list;                                  ///< behind SELECT
    std::string from;                                  ///< behind FROM
    std::function<std::string(std::size_t)> column{};  ///< the SQL of a column, by its index
  };
  /// The statement that reads the scan: all of it but the parts of the condition that the remote has no use for.
  std::string select(const Scan& scan, const Selection& selection, const std::vector<RemoteColumn>& columns) const;

 protected:
  /// What a column (its SQL), described as `type`, is compared and ordered as, so that the order is PostgreSQL's.
  /// Nothing where there is no such.
  virtual std::optional<std::string> compared(const std::string& column, const LogicalType& type) const = 0;
  /// The constant that is compared with that. Nothing if the remote has no such value, or would compare otherwise.
  virtual std::optional<std::string> constant(Operator comparison, const LogicalType& type,
                                              std::string_view value) const = 0;
  /// How near a comparison of the type comes, where both operands can be written.
  virtual Support comparison_support(Operator /*comparison*/, const LogicalType& /*type*/) const {
    return Support::exact;
  }
  /// `=`, `<`, …
  virtual std::string_view operator_sql(Operator comparison) const;
  /// `statement`, which begins with SELECT, so that it gives no more than that many rows.
  virtual std::string limited(std::string statement, std::int64_t rows) const;

 private:
  std::string condition(const Expression& expression, const Selection& selection,
                        const std::vector<RemoteColumn>& columns) const;
};

}  // namespace connector::core
