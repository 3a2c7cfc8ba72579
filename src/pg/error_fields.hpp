// Which member of ErrorFields is which of PostgreSQL's ErrorData: the one list for the ways in and out.
#pragma once

#include "pg/pg_error.hpp"

extern "C" {
#include "utils/elog.h"
}

namespace connector::pg {

template <typename Ours, typename Theirs = Ours>
struct FieldPair {
  Ours ErrorFields::*ours;
  Theirs ErrorData::*theirs;
};

inline constexpr FieldPair<int> number_fields[] = {
    {&ErrorFields::sqlerrcode, &ErrorData::sqlerrcode},   {&ErrorFields::lineno, &ErrorData::lineno},
    {&ErrorFields::cursorpos, &ErrorData::cursorpos},     {&ErrorFields::internalpos, &ErrorData::internalpos},
    {&ErrorFields::saved_errno, &ErrorData::saved_errno},
};

inline constexpr FieldPair<bool> flag_fields[] = {
    {&ErrorFields::output_to_server, &ErrorData::output_to_server},
    {&ErrorFields::output_to_client, &ErrorData::output_to_client},
    {&ErrorFields::hide_stmt, &ErrorData::hide_stmt},
    {&ErrorFields::hide_ctx, &ErrorData::hide_ctx},
};

inline constexpr FieldPair<std::optional<std::string>, char*> text_fields[] = {
    {&ErrorFields::message, &ErrorData::message},
    {&ErrorFields::detail, &ErrorData::detail},
    {&ErrorFields::detail_log, &ErrorData::detail_log},
    {&ErrorFields::hint, &ErrorData::hint},
    {&ErrorFields::context, &ErrorData::context},
    {&ErrorFields::backtrace, &ErrorData::backtrace},
    {&ErrorFields::schema_name, &ErrorData::schema_name},
    {&ErrorFields::table_name, &ErrorData::table_name},
    {&ErrorFields::column_name, &ErrorData::column_name},
    {&ErrorFields::datatype_name, &ErrorData::datatype_name},
    {&ErrorFields::constraint_name, &ErrorData::constraint_name},
    {&ErrorFields::internalquery, &ErrorData::internalquery},
};

/// Constants of the program in ErrorData.
inline constexpr FieldPair<std::optional<std::string>, const char*> constant_fields[] = {
    {&ErrorFields::filename, &ErrorData::filename},     {&ErrorFields::funcname, &ErrorData::funcname},
    {&ErrorFields::domain, &ErrorData::domain},         {&ErrorFields::context_domain, &ErrorData::context_domain},
    {&ErrorFields::message_id, &ErrorData::message_id},
};

}  // namespace connector::pg
