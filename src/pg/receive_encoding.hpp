// Text inside of binary values.
#pragma once

#include "pg/postgres.hpp"

namespace connector::pg {

/// Makes receive functions read text in another encoding than that of the session's client: they convert from the
/// latter (pg_getmsgtext() and its like), wherever their bytes come from.
class ReceiveEncoding {
 public:
  /// Looks the conversion up; needs a transaction. Throws core::Error (encoding) if PostgreSQL has none.
  explicit ReceiveEncoding(int encoding);

  /// For as long as it lives, receive functions read `encoding`. What is sent to the client meanwhile would be
  /// converted so too: nothing must be.
  class Scope {
   public:
    explicit Scope(const ReceiveEncoding& encoding) noexcept;
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    int client_;
  };

 private:
  int encoding_;
};

}  // namespace connector::pg
