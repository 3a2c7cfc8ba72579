// A change of the source's columns that a table followed, as it is told.
#pragma once

#include <string>

#include "core/base/words.hpp"

namespace connector::load {

struct SchemaChange {
  enum class Kind { column_added, column_dropped, type_changed, not_null_dropped, primary_key_dropped };
  Kind kind;
  std::string name;    ///< of the column or constraint, UTF-8
  std::string from{};  ///< type_changed, column_dropped: the type before
  std::string to{};    ///< type_changed, column_added: the type now
};

inline constexpr auto schema_change_words =
    core::words<SchemaChange::Kind>({{SchemaChange::Kind::column_added, "column added"},
                                     {SchemaChange::Kind::column_dropped, "column dropped"},
                                     {SchemaChange::Kind::type_changed, "type changed"},
                                     {SchemaChange::Kind::not_null_dropped, "not null dropped"},
                                     {SchemaChange::Kind::primary_key_dropped, "primary key dropped"}});

}  // namespace connector::load
