// From a request for many tables to those for each of them.
#pragma once

#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/request/masked_connector.hpp"

namespace connector::core {

class RequestOfTable {
 public:
  /// The request for many tables: checked, without a key that is about one of them.
  explicit RequestOfTable(const StoredRequest& many);

  /// The request for this one, with `table`, `schema` (if it is not empty) and the collision strategy that counts where
  /// many are asked for written into it. The masks and their secrets stay in their places.
  StoredRequest with(std::string_view schema, std::string_view table) const;

 private:
  StoredRequest many_;
  JsonValue connector_;
};

}  // namespace connector::core
