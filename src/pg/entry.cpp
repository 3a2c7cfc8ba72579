#include "pg/entry.hpp"

#include <cstring>
#include <new>
#include <set>

#include "core/base/error.hpp"
#include "pg/error_fields.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::pg {

struct Raisable {
  enum class Kind { postgres, ours, interrupted, out_of_memory } kind;
  ErrorData data;
};

namespace {

// Used when there is nothing, or no memory, to describe.
constinit Raisable out_of_memory_error{Raisable::Kind::out_of_memory, {}};
constinit Raisable interrupted_error{Raisable::Kind::interrupted, {}};

/// Longer texts of our own are cut: they quote what a remote side said, and PostgreSQL can't tell them at any length.
constexpr std::size_t longest_text = 1024 * 1024;

/// Where an error's texts belong: emptied when the error has been dealt with, whoever does it, and never without a
/// reserve. The current context may be one that lives as long as the session.
void* allocate(std::size_t size) noexcept {
  return MemoryContextAllocExtended(ErrorContext, size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
}

/// Null without memory, and for texts that can't have come from PostgreSQL.
char* copy(const std::string& text) noexcept {
  if (!AllocSizeIsValid(text.size() + 1)) return nullptr;
  auto* result = static_cast<char*>(allocate(text.size() + 1));
  if (result != nullptr) std::memcpy(result, text.c_str(), text.size());
  return result;
}

char* copy(const std::optional<std::string>& text) noexcept {
  return text ? copy(*text) : nullptr;
}

/// A text that lives as long as the process, as PostgreSQL takes for granted of source files, functions and message
/// ids: who copies an error (PL/pgSQL) may keep the pointer. They are few, as long as nobody makes them up.
const char* kept_for_good(const std::optional<std::string>& text) {
  constexpr std::size_t limit = 4000;
  if (!text) return nullptr;
  static auto& texts = *new std::set<std::string>;
  const auto found = texts.find(*text);
  if (found != texts.end()) return found->c_str();
  return texts.size() < limit ? texts.insert(*text).first->c_str() : nullptr;
}

Raisable* make(Raisable::Kind kind) noexcept {
  auto* result = static_cast<Raisable*>(allocate(sizeof(Raisable)));
  if (result == nullptr) return &out_of_memory_error;
  result->kind = kind;
  result->data.elevel = ERROR;
  return result;
}

Raisable* describe(const ErrorFields& fields) {
  Raisable* result = make(Raisable::Kind::postgres);
  if (result == &out_of_memory_error) return result;
  ErrorData& data = result->data;
  for (const auto& [ours, theirs] : number_fields) data.*theirs = fields.*ours;
  for (const auto& [ours, theirs] : flag_fields) data.*theirs = fields.*ours;
  for (const auto& [ours, theirs] : constant_fields) data.*theirs = kept_for_good(fields.*ours);
  for (const auto& [ours, theirs] : text_fields) data.*theirs = copy(fields.*ours);
  return result;
}

/// A text of ours in the database's encoding, cut at a character.
std::string shown_text(std::string_view text) {
  if (text.size() > longest_text) {
    text = text.substr(0, longest_text);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.remove_suffix(1);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.remove_suffix(1);
  }
  return server_text(text);
}

/// The texts are ready before anything is allocated in ErrorContext: converting them may empty it.
Raisable* describe(int sqlerrcode, const std::string& message, const std::string& detail, const std::string& hint,
                   const std::string& parameter) {
  Raisable* result = make(Raisable::Kind::ours);
  if (result == &out_of_memory_error) return result;
  result->data.sqlerrcode = sqlerrcode;
  result->data.message = copy(message);
  if (!detail.empty()) result->data.detail = copy(detail);
  if (!hint.empty()) result->data.hint = copy(hint);
  if (!parameter.empty()) result->data.column_name = copy(parameter);
  return result;
}

Raisable* describe_unexpected(std::string_view what) {
  return describe(ERRCODE_INTERNAL_ERROR, shown_text("unexpected exception in connector: " + std::string(what)), {}, {},
                  {});
}

Raisable* describe_handled() {
  try {
    throw;
  } catch (const core::Interrupted&) {
    return &interrupted_error;
  } catch (const PgError& error) {
    return describe(error.fields());
  } catch (const core::Error& error) {
    return describe(sqlstate_code(error.sqlstate()), shown_text(error.message()), shown_text(error.detail()),
                    shown_text(error.hint()), shown_text(error.parameter()));
  } catch (const std::bad_alloc&) {
    return &out_of_memory_error;
  } catch (const std::exception& error) {
    return describe_unexpected(error.what());
  } catch (...) {
    return describe_unexpected("not a std::exception");
  }
}

}  // namespace

Raisable* describe_current_exception() noexcept {
  try {
    return describe_handled();
  } catch (...) {
    // No memory for the words.
    return &out_of_memory_error;
  }
}

void raise(Raisable* error) {
  const ErrorData& data = error->data;
  switch (error->kind) {
    case Raisable::Kind::postgres:
      // It goes on as it was, with the context lines that it collected where it arose. Unlike ereport(), ReThrowError()
      // leaves the holdoff counts, but whoever holds interrupts off between here and the handler is skipped.
      InterruptHoldoffCount = 0;
      QueryCancelHoldoffCount = 0;
      ReThrowError(&error->data);
      break;
    case Raisable::Kind::ours:
      // Raised here, so that the context of the calling SQL is added.
      ereport(ERROR, (errcode(data.sqlerrcode), errmsg_internal("%s", data.message != nullptr ? data.message : ""),
                      data.detail != nullptr ? errdetail_internal("%s", data.detail) : 0,
                      data.hint != nullptr ? errhint("%s", data.hint) : 0,
                      // For programs: clients show it when asked for all that there is.
                      data.column_name != nullptr ? err_generic_string(PG_DIAG_COLUMN_NAME, data.column_name) : 0));
      break;
    case Raisable::Kind::interrupted:
      CHECK_FOR_INTERRUPTS();
      // The request vanished meanwhile (it was answered by somebody else): still do not go on.
      ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement due to user request")));
      break;
    case Raisable::Kind::out_of_memory:
      ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                      errdetail("The connector could not allocate memory outside PostgreSQL's own memory contexts.")));
      break;
  }
  pg_unreachable();
}

}  // namespace connector::pg
