// Requests as tests write them, and what is wrong with them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/request/connector_spec.hpp"
#include "core/base/error.hpp"
#include "core/request/connector_reader.hpp"
#include "fake_provider.hpp"

namespace connector::core::testing {

inline ConnectorSpec parse(std::string_view json, RequestKind kind = RequestKind::import) {
  return parse_connector(json, kind, fake_registry());
}

/// A request with these members beside provider and connection.
inline std::string request(std::string_view members) {
  return R"({"provider": "mysql", "connection": {"server": "db", "username": "u"}, )" + std::string(members) + '}';
}

/// A request with these members of `connection`.
inline std::string connection(std::string_view members) {
  return R"({"provider": "mysql", "table": "t", "connection": {)" + std::string(members) + "}}";
}

struct Refusal {
  std::string message;
  std::string detail;
  std::string hint;
  ErrorNumber number = ErrorNumber::unknown;
  std::string parameter = {};
};

inline Refusal refusal(std::string_view json, RequestKind kind = RequestKind::import) {
  try {
    parse(json, kind);
  } catch (const Error& error) {
    return {error.message(), error.detail(), error.hint(), error.number(), error.parameter()};
  }
  return {"accepted", "", "", ErrorNumber::unknown};
}

/// The one problem of a request: the key named in the message, and the line in the detail.
inline void expect_problem(std::string_view json, std::string_view key, std::string_view line,
                           RequestKind kind = RequestKind::import) {
  const Refusal found = refusal(json, kind);
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters) << json;
  EXPECT_EQ(found.message, "invalid connector parameters: \"" + std::string(key) + '"') << json;
  EXPECT_EQ(found.parameter, key) << json;
  EXPECT_EQ(found.detail, std::string(line) + "\nConnector error 1502.") << json;
}

}  // namespace connector::core::testing
