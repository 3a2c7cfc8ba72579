// C++ objects that belong to a memory context of PostgreSQL's.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <type_traits>
#include <utility>

#include "pg/guard.hpp"

namespace connector::pg {

/// Gives the object to the context, with which it ends; the pointer is good until then. Its destructor must neither
/// throw nor call PostgreSQL. Throws PgError, and then the object has ended.
template <typename T>
T* give_to(MemoryContext context, std::unique_ptr<T> object) {
  static_assert(std::is_nothrow_destructible_v<T>);
  auto* callback = static_cast<MemoryContextCallback*>(
      guard([=] { return MemoryContextAllocZero(context, sizeof(MemoryContextCallback)); }));
  callback->func = [](void* argument) { delete static_cast<T*>(argument); };
  callback->arg = object.get();
  // Only links the callback into a list: can't fail.
  MemoryContextRegisterResetCallback(context, callback);
  return object.release();
}

}  // namespace connector::pg
