// Preloaded beside libasan into a PostgreSQL that was built without it.
//
// AddressSanitizer sets itself up at the first malloc. In PostgreSQL that is a call of bindtextdomain() by the
// constructor of a library, which holds a lock of gettext's; the set-up calls gettext itself, and leaves that lock
// broken for ever. Linked with -z initfirst, this runs before all other constructors and allocates without a lock.
#include <cstdlib>

namespace {

[[gnu::constructor]] void allocate_first() {
  void* volatile block = std::malloc(1);
  std::free(block);
}

}  // namespace
