// A prepared statement of a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "drivers/mysql/session.hpp"
#include "drivers/mysql/types.hpp"

struct st_mysql_stmt;

namespace connector::mysql {

/// A column of a prepared statement's result.
struct Field {
  std::string name;         ///< UTF-8
  std::string column_name;  ///< of the table or view, in its own spelling; empty = an expression
  FieldFacts facts;
  bool not_null = false;
};

class Statement {
 public:
  /// Prepares, which executes nothing. `summary` stands in front of the server's message if it can't be done.
  Statement(Session& session, std::string_view sql, core::Phase phase, std::string_view summary);
  /// Rows that are left are not read: the session must have been given up then.
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Columns of the result; empty = the statement yields none.
  std::vector<Field> fields() const;
  std::size_t parameters() const;
  /// Values of the parameters, as many as there are, for execute().
  void bind(std::vector<std::int64_t> values);
  /// Rows follow, and are read with next_row().
  void execute(std::string_view summary);
  /// For use inside Session::call(): the bytes of the next row, valid until the next call; nothing at the end.
  std::span<const unsigned char> next_row();
  /// How often the server warned while it ran; known behind the last row.
  unsigned warnings() const noexcept { return warnings_; }
  /// True from the begin of execute() until the last row was read, or an error of the server has ended it.
  bool is_open() const noexcept { return open_; }

 private:
  void end_of_rows(std::span<const unsigned char> packet) noexcept;

  Session& session_;
  st_mysql_stmt* handle_;
  std::vector<std::int64_t> values_;  ///< which the library points to
  bool open_ = false;
  unsigned warnings_ = 0;
};

}  // namespace connector::mysql
