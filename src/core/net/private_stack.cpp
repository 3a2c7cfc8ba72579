#include "core/net/private_stack.hpp"

#include <cstdint>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define CONNECTOR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONNECTOR_ASAN 1
#endif
#endif
#ifdef CONNECTOR_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace connector::core {

namespace {

void before_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* bottom,
                   [[maybe_unused]] std::size_t size) {
#ifdef CONNECTOR_ASAN
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
#endif
}

void after_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** bottom,
                  [[maybe_unused]] std::size_t* size) {
#ifdef CONNECTOR_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, bottom, size);
#endif
}

}  // namespace

PrivateStack::PrivateStack(std::size_t bytes)
    : page_bytes_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
      stack_bytes_((bytes + page_bytes_ - 1) / page_bytes_ * page_bytes_) {
  constexpr int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE;
  memory_ = mmap(nullptr, page_bytes_ + stack_bytes_, PROT_READ | PROT_WRITE, kind, -1, 0);
  if (memory_ == MAP_FAILED) throw std::bad_alloc();
  if (mprotect(memory_, page_bytes_, PROT_NONE) != 0) {
    munmap(memory_, page_bytes_ + stack_bytes_);
    throw std::bad_alloc();
  }
}

PrivateStack::~PrivateStack() {
  munmap(memory_, page_bytes_ + stack_bytes_);
}

bool PrivateStack::start(std::function<void()> function) {
  function_ = std::move(function);
  finished_ = false;
  private_exceptions_ = {};
  getcontext(&private_);
  private_.uc_stack.ss_sp = static_cast<char*>(memory_) + page_bytes_;
  private_.uc_stack.ss_size = stack_bytes_;
  private_.uc_link = &caller_;
  // makecontext() passes only ints.
  const std::uint64_t self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&private_, reinterpret_cast<void (*)()>(&PrivateStack::enter), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
  return switch_to_private();
}

bool PrivateStack::resume() {
  return switch_to_private();
}

bool PrivateStack::switch_to_private() {
  void* fake_stack = nullptr;
  const Exceptions of_caller = std::exchange(exceptions_of_thread(), private_exceptions_);
  before_switch(&fake_stack, private_.uc_stack.ss_sp, private_.uc_stack.ss_size);
  swapcontext(&caller_, &private_);
  after_switch(fake_stack, nullptr, nullptr);
  private_exceptions_ = std::exchange(exceptions_of_thread(), of_caller);
  if (finished_) function_ = nullptr;
  return finished_;
}

void PrivateStack::suspend() {
  before_switch(&private_fake_stack_, caller_stack_, caller_stack_bytes_);
  swapcontext(&private_, &caller_);
  after_switch(private_fake_stack_, &caller_stack_, &caller_stack_bytes_);
}

void PrivateStack::enter(unsigned high, unsigned low) {
  auto* self =
      reinterpret_cast<PrivateStack*>(static_cast<std::uintptr_t>((static_cast<std::uint64_t>(high) << 32) | low));
  after_switch(nullptr, &self->caller_stack_, &self->caller_stack_bytes_);
  self->function_();
  self->finished_ = true;
  before_switch(nullptr, self->caller_stack_, self->caller_stack_bytes_);  // null: this stack is done
}  // uc_link: on to the caller

}  // namespace connector::core
