// Ties a C++ object to a PostgreSQL memory context, for the ways out that skip C++ destructors.
//
// FATAL (pg_terminate_backend, postmaster death) ends the backend without unwinding C++ frames, but it still aborts the
// transaction, which deletes its memory contexts. What must not outlive that (a remote session) is tied first and
// acquired then, so there is no moment in which nobody owns it.
#pragma once

#include "pg/postgres.hpp"

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

namespace connector::pg {

/// Owns a T until its own end or until the context is reset, whichever is first. T's destructor must not throw and must
/// not call PostgreSQL. Lives in one scope: neither copied nor moved.
///
/// The context keeps a few bytes for every Tied until it is reset: tie to what ends with the statement or transaction.
template <typename T>
class Tied {
  static_assert(std::is_nothrow_destructible_v<T>);

 public:
  /// Registers with `context` (current if null); acquires nothing yet.
  explicit Tied(MemoryContext context = nullptr) : slot_(new Slot{{&Tied::on_reset, nullptr, nullptr}, nullptr, true}) {
    slot_->callback.arg = slot_;
    // Only links the callback into a list: can't fail.
    MemoryContextRegisterResetCallback(context != nullptr ? context : CurrentMemoryContext, &slot_->callback);
  }
  ~Tied() {
    reset();
    release(slot_);
  }
  Tied(const Tied&) = delete;
  Tied& operator=(const Tied&) = delete;

  /// Takes the object over; an earlier one is destroyed. After the context's end there is nobody to own it: destroyed.
  void set(std::unique_ptr<T> object) noexcept {
    if (slot_->shared.load(std::memory_order_relaxed)) object.reset(std::exchange(slot_->object, object.release()));
  }
  void reset() noexcept { set(nullptr); }
  /// Null after the context's end.
  T* get() const noexcept { return slot_->object; }
  T& operator*() const noexcept { return *slot_->object; }
  T* operator->() const noexcept { return slot_->object; }

 private:
  /// Of the scope and the context together, freed by the last. The callback does not reach into the scope, whose frame
  /// may be gone if an ERROR was raised past it.
  struct Slot {
    MemoryContextCallback callback;
    T* object;
    /// Neither of the two has ended. Atomic, as g++ 14 leaves out a plain store in ~Tied() on the way of an exception,
    /// although the context's callback reads it: then nobody would free the slot.
    std::atomic<bool> shared;
  };
  static void release(Slot* slot) noexcept {
    if (!slot->shared.exchange(false, std::memory_order_relaxed)) delete slot;
  }
  static void on_reset(void* argument) {
    auto* slot = static_cast<Slot*>(argument);
    delete std::exchange(slot->object, nullptr);
    release(slot);
  }

  Slot* slot_;
};

}  // namespace connector::pg
