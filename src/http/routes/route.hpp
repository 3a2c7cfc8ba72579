// A route: what the program answers, and what /openapi.json says of it.
#pragma once

#include <chrono>
#include <span>
#include <string_view>
#include <vector>

#include "http/routes/call.hpp"

namespace connector::http {

using Handler = Task<Reply> (*)(Call&);

/// Makes of the body of a failure what the clients of a route know.
using FailureShape = Json (*)(const Json& body);

struct ParameterText {
  std::string_view name;
  std::string_view type;  ///< of JSON Schema: "string", "integer", "boolean"
  std::string_view description;
  bool required = false;
};

struct AnswerText {
  unsigned status;
  std::string_view description;
  std::string_view schema{};                         ///< a name among schemas(); empty: no body, or a text
  std::string_view media_type = "application/json";  ///< of the body; a text if it is another one
};

struct Route {
  Method method;
  std::string_view path;       ///< "/api/v1/imports/{id}": each {…} is one segment
  std::string_view operation;  ///< operationId
  std::string_view summary;
  Handler handler;
  bool for_everybody = false;            ///< without a key
  bool is_api = true;                    ///< else a file of the page, of which /openapi.json says nothing
  std::chrono::seconds time{0};          ///< what a call may take if that is more than others may
  FailureShape failure_shape = nullptr;  ///< of all failures that have a body, whoever finds them
  std::string_view body_schema{};        ///< a name among schemas(); empty: no body is read
  bool body_required = false;
  std::vector<ParameterText> query{};  ///< beside api_key
  std::vector<AnswerText> answers{};   ///< beside those that all calls have
};

}  // namespace connector::http
