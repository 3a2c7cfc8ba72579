#include "pg/receive_encoding.hpp"

#include <string>

#include "core/base/error.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

namespace connector::pg {

ReceiveEncoding::ReceiveEncoding(int encoding) : encoding_(encoding) {
  const bool possible = guard([encoding] { return PrepareClientEncoding(encoding) == 0; });
  if (possible) return;
  throw core::Error(core::ErrorNumber::encoding,
                    std::string("PostgreSQL has no conversion from encoding \"") + pg_encoding_to_char(encoding) +
                        "\" to \"" + GetDatabaseEncodingName() + "\"",
                    {}, "Leave out \"encoding\", so that the remote server converts the text to UTF8.");
}

// Neither call can fail: the one encoding was prepared, the other was in use.
ReceiveEncoding::Scope::Scope(const ReceiveEncoding& encoding) noexcept : client_(pg_get_client_encoding()) {
  SetClientEncoding(encoding.encoding_);
}

ReceiveEncoding::Scope::~Scope() {
  SetClientEncoding(client_);
}

}  // namespace connector::pg
