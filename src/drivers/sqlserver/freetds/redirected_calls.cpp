#include "drivers/sqlserver/freetds/redirected_calls.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "drivers/sqlserver/freetds/text_conversion.hpp"

// Declared in assert.h only where assertions are on.
extern "C" void __assert_fail(  // NOLINT(bugprone-reserved-identifier,readability-identifier-naming)
    const char* assertion, const char* file, unsigned line, const char* function) noexcept __attribute__((noreturn));

namespace connector::sqlserver {

LibraryHost* LibraryHost::running = nullptr;

namespace {

int our_poll(pollfd* sockets, nfds_t count, int timeout) {
  if (LibraryHost::running == nullptr) return poll(sockets, count, timeout);
  return LibraryHost::running->poll_for_library(sockets, count);
}

/// What poll() becomes where the library was built with _FORTIFY_SOURCE.
int our_poll_chk(pollfd* sockets, nfds_t count, int timeout, std::size_t) {
  return our_poll(sockets, count, timeout);
}

ssize_t our_recv(int socket, void* buffer, std::size_t size, int flags) {
  if (LibraryHost::running == nullptr) return recv(socket, buffer, size, flags);
  return LibraryHost::running->receive_for_library(socket, buffer, size, flags);
}

int our_getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (LibraryHost::running == nullptr) return getaddrinfo(name, service, hints, found);
  return LibraryHost::running->resolve_for_library(name, hints, found);
}

char* our_getenv(const char* name) {
  return LibraryHost::running == nullptr ? std::getenv(name) : nullptr;
}

iconv_t our_iconv_open(const char* to, const char* from) {
  return LibraryHost::running == nullptr ? iconv_open(to, from) : open_conversion(to, from);
}

std::size_t our_iconv(iconv_t conversion, char** from, std::size_t* from_left, char** to, std::size_t* to_left) {
  if (LibraryHost::running == nullptr) return iconv(conversion, from, from_left, to, to_left);
  bool has_invalid = false;
  const std::size_t result = convert(conversion, from, from_left, to, to_left, has_invalid);
  if (has_invalid) LibraryHost::running->met_invalid_text();
  return result;
}

/// Of a connection that was closed outside of a call, too.
int our_iconv_close(iconv_t conversion) {
  return close_conversion(conversion);
}

[[noreturn]] void our_assert_fail(const char* assertion, const char* file, unsigned line, const char* function) {
  if (LibraryHost::running != nullptr) LibraryHost::running->library_failed(assertion);
  __assert_fail(assertion, file, line, function);
}

struct Redirection {
  const char* name;
  void* function;
};

const Redirection redirections[] = {
    {"poll", reinterpret_cast<void*>(&our_poll)},
    {"__poll_chk", reinterpret_cast<void*>(&our_poll_chk)},
    {"recv", reinterpret_cast<void*>(&our_recv)},
    {"getaddrinfo", reinterpret_cast<void*>(&our_getaddrinfo)},
    {"getenv", reinterpret_cast<void*>(&our_getenv)},
    {"__assert_fail", reinterpret_cast<void*>(&our_assert_fail)},
    {"iconv", reinterpret_cast<void*>(&our_iconv)},
    {"iconv_open", reinterpret_cast<void*>(&our_iconv_open)},
    {"iconv_close", reinterpret_cast<void*>(&our_iconv_close)},
};

/// A loaded library's dynamic section, as far as it is needed.
struct DynamicSection {
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  const ElfW(Rela) * relocations = nullptr;
  std::size_t relocations_bytes = 0;
  const ElfW(Rela) * call_relocations = nullptr;
  std::size_t call_relocations_bytes = 0;

  explicit DynamicSection(const link_map& library) {
    // The linker has made addresses of most of these offsets, on most systems.
    const auto pointer = [&](ElfW(Addr) value) {
      return reinterpret_cast<const void*>(value < library.l_addr ? library.l_addr + value : value);
    };
    for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
      switch (entry->d_tag) {
        case DT_SYMTAB:
          symbols = static_cast<const ElfW(Sym)*>(pointer(entry->d_un.d_ptr));
          break;
        case DT_STRTAB:
          names = static_cast<const char*>(pointer(entry->d_un.d_ptr));
          break;
        case DT_RELA:
          relocations = static_cast<const ElfW(Rela)*>(pointer(entry->d_un.d_ptr));
          break;
        case DT_RELASZ:
          relocations_bytes = entry->d_un.d_val;
          break;
        case DT_JMPREL:
          call_relocations = static_cast<const ElfW(Rela)*>(pointer(entry->d_un.d_ptr));
          break;
        case DT_PLTRELSZ:
          call_relocations_bytes = entry->d_un.d_val;
          break;
        default:
          break;
      }
    }
  }
};

/// The pages that the linker has made read-only once it was done (PT_GNU_RELRO).
struct ReadOnlyRange {
  ElfW(Addr) base;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;

  bool holds(std::uintptr_t address) const noexcept { return address >= begin && address < end; }
};

int find_read_only(dl_phdr_info* info, std::size_t, void* argument) {
  auto& range = *static_cast<ReadOnlyRange*>(argument);
  if (info->dlpi_addr != range.base) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_GNU_RELRO) continue;
    range.begin = range.base + header.p_vaddr;
    range.end = range.begin + header.p_memsz;
  }
  return 1;
}

[[noreturn]] void throw_unusable(const std::string& why) {
  throw core::Error(core::ErrorNumber::connectors_disabled, "could not use the FreeTDS library: " + why,
                    "Provider sqlserver, phase connect.");
}

class Library {
 public:
  explicit Library(const link_map& library) : base_(library.l_addr), dynamic_(library), read_only_{library.l_addr} {
    dl_iterate_phdr(find_read_only, &read_only_);
    if (dynamic_.symbols == nullptr || dynamic_.names == nullptr) throw_unusable("it has no table of symbols");
  }

  /// Fills the slots of the call; how many there are.
  int redirect(const Redirection& call) {
    return redirect(call, dynamic_.call_relocations, dynamic_.call_relocations_bytes) +
           redirect(call, dynamic_.relocations, dynamic_.relocations_bytes);
  }

 private:
  int redirect(const Redirection& call, const ElfW(Rela) * relocations, std::size_t bytes) {
    int found = 0;
    for (std::size_t i = 0; i < bytes / sizeof *relocations; ++i) {
      // The symbol's number is in the upper half of the word: ELF64_R_SYM.
      const auto symbol = static_cast<std::size_t>(relocations[i].r_info >> 32);
      if (symbol == 0 || std::strcmp(dynamic_.names + dynamic_.symbols[symbol].st_name, call.name) != 0) continue;
      fill(base_ + relocations[i].r_offset, call.function);
      ++found;
    }
    return found;
  }

  void fill(std::uintptr_t slot, void* function) {
    const auto page_bytes = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    void* page = reinterpret_cast<void*>(slot & ~(page_bytes - 1));
    const bool is_read_only = read_only_.holds(slot);
    if (is_read_only && mprotect(page, page_bytes, PROT_READ | PROT_WRITE) != 0) {
      throw_unusable(std::string("its memory is protected: ") + std::strerror(errno));
    }
    std::memcpy(reinterpret_cast<void*>(slot), &function, sizeof function);
    if (is_read_only) mprotect(page, page_bytes, PROT_READ);
  }

  ElfW(Addr) base_;
  DynamicSection dynamic_;
  ReadOnlyRange read_only_;
};

}  // namespace

std::vector<RedirectedCall> redirect_library_calls(const char* symbol) {
  static_assert(sizeof(void*) == 8, "ELF64 with RELA relocations");
  void* address = dlsym(RTLD_DEFAULT, symbol);
  Dl_info info;
  void* map = nullptr;
  if (address == nullptr || dladdr1(address, &info, &map, RTLD_DL_LINKMAP) == 0 || map == nullptr) {
    throw_unusable("it is no shared library");
  }
  Library library(*static_cast<const link_map*>(map));
  std::vector<RedirectedCall> result;
  int waits = 0;
  for (const Redirection& call : redirections) {
    const int found = library.redirect(call);
    const bool is_wait = std::strstr(call.name, "poll") != nullptr;
    if (is_wait) waits += found;
    const bool is_needed = std::strcmp(call.name, "recv") == 0 || std::strcmp(call.name, "getaddrinfo") == 0 ||
                           std::strcmp(call.name, "getenv") == 0;
    if (is_needed && found == 0) throw_unusable(std::string("it does not call ") + call.name + "()");
    result.push_back({call.name, found});
  }
  if (waits == 0) throw_unusable("it does not call poll()");
  return result;
}

}  // namespace connector::sqlserver
