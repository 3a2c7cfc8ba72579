// Ties a C++ object to a PostgreSQL memory context, for the ways out that skip C++ destructors.
//
// FATAL (pg_terminate_backend, postmaster death) ends the backend without unwinding C++ frames, but it still aborts the
// transaction, which deletes its memory contexts. What must not outlive that (a remote session) is tied first and
// acquired then, so there is no moment in which nobody owns it.
#pragma once

#include "pg/postgres.hpp"

#include <memory>

#include "pg/guard.hpp"

namespace connector::pg {

/// Owns a T until its own end or until the context is reset, whichever is first. T's destructor must not throw and must
/// not call PostgreSQL. Lives in one scope: neither copied nor moved.
template <typename T>
class Tied {
 public:
  /// Registers with `context` (current if null); acquires nothing yet. Throws PgError.
  explicit Tied(MemoryContext context = nullptr) {
    if (context == nullptr) context = CurrentMemoryContext;
    slot_ = guard([context] {
      auto* slot = static_cast<Slot*>(MemoryContextAllocZero(context, sizeof(Slot)));
      slot->callback.func = &Tied::on_reset;
      slot->callback.arg = slot;
      MemoryContextRegisterResetCallback(context, &slot->callback);
      return slot;
    });
    slot_->owner = this;
  }
  ~Tied() {
    if (slot_ == nullptr) return;  // the context went first
    slot_->owner = nullptr;
    delete slot_->object;
    slot_->object = nullptr;
  }
  Tied(const Tied&) = delete;
  Tied& operator=(const Tied&) = delete;

  /// Takes the object over; an earlier one is destroyed.
  void set(std::unique_ptr<T> object) noexcept {
    delete slot_->object;
    slot_->object = object.release();
  }
  void reset() noexcept { set(nullptr); }
  T* get() const noexcept { return slot_->object; }
  T& operator*() const noexcept { return *slot_->object; }
  T* operator->() const noexcept { return slot_->object; }

 private:
  struct Slot {
    MemoryContextCallback callback;
    Tied* owner;
    T* object;
  };
  static void on_reset(void* argument) {
    auto* slot = static_cast<Slot*>(argument);
    if (slot->owner != nullptr) slot->owner->slot_ = nullptr;
    delete slot->object;
    slot->object = nullptr;
  }

  Slot* slot_ = nullptr;
};

}  // namespace connector::pg
