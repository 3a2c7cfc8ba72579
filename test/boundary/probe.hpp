// What the provoking functions watch with: objects that count, objects that leave a mark, assertions.
#pragma once

#include "pg/postgres.hpp"

#include <stdexcept>
#include <string>

namespace boundary {

/// Counts how many were made and how many live. Holds heap memory, so that a skipped destructor is a leak as well.
class Probe {
 public:
  Probe() : heap_(100, 'p') { ++alive, ++made; }
  ~Probe() { --alive; }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  static inline int alive = 0;
  static inline int made = 0;

 private:
  std::string heap_;
};

/// Appends a line to a file when it is destroyed: a trace that outlives the backend.
class Mark {
 public:
  explicit Mark(std::string path) : path_(std::move(path)) {}
  ~Mark();
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

  static inline int destroyed = 0;

 private:
  std::string path_;
};

/// PostgreSQL's state that must be the same behind a caught error as before it.
struct BackendState {
  static BackendState now();
  bool operator==(const BackendState&) const = default;

  void* exception_stack;
  void* context_stack;
  void* memory_context;
  void* resource_owner;
  unsigned interrupt_holdoff;
  unsigned cancel_holdoff;
  int nest_level;
};

/// Thrown by expect(): tests look for errors of their own, so this one fails them.
inline void expect(bool condition, const char* what) {
  if (!condition) throw std::logic_error(std::string("expectation failed: ") + what);
}

/// A text (or bytea) argument; empty if NULL.
std::string argument(FunctionCallInfo fcinfo, int number);

/// A text (or bytea) result.
Datum result(std::string_view text);

/// Fails in the way that `kind` names.
void fail(const std::string& kind);

}  // namespace boundary
