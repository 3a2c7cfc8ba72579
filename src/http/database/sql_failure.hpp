// What PostgreSQL says when a statement fails.
#pragma once

#include <exception>
#include <string>

namespace connector::http {

struct SqlFailure : std::exception {
  std::string sqlstate;  ///< empty: the connection was lost
  std::string message;
  std::string detail;
  std::string hint;
  std::string parameter;  ///< the key of the connector object that the connector's error is about; empty: not known
  int number = 0;         ///< the connector's own error number; 0: the error is PostgreSQL's
  bool outdated = false;  ///< the statement was prepared for what is not there any more
  const char* what() const noexcept override { return message.c_str(); }
};

/// The number in the last line of a DETAIL, `Connector error 1502.`; 0 without one.
int connector_error_number(const std::string& detail) noexcept;

}  // namespace connector::http
