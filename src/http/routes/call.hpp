// One call of the API: the request, who asks, and his session of the database.
#pragma once

#include <string>
#include <vector>

#include "http/database/pool.hpp"
#include "http/message/reply.hpp"
#include "http/message/request.hpp"

namespace connector::http {

struct Services;

/// How an answer without an end is sent.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Sends headers and the first bytes. Afterwards only write() is left, and the call's Reply is not looked at.
  virtual Task<> begin(const Reply& head) = 0;
  /// Throws Stopped if the client is gone or does not read.
  virtual Task<> write(std::string text) = 0;
  virtual bool begun() const noexcept = 0;
};

class Call {
 public:
  Call(const Request& request, std::vector<std::string> values, Services& services, EventStream& stream, Stop& stop,
       Clock::time_point deadline);

  const Request& request;
  std::vector<std::string> values;  ///< what stands in the path where the route has {…}, in order
  Services& services;
  Identity identity;  ///< empty where the route is for everybody
  Lease session;      ///< likewise; a stream gives it back
  EventStream& stream;
  Stop& stop;
  Clock::time_point deadline;
  std::vector<std::string> notices{};  ///< of the statements of this call that worked: see Session::notices()

  /// Runs a statement as the role that asks, with values for $1, $2 and so on; see Session::run(). Throws SqlFailure or
  /// Stopped. No braces here: g++ 12 can't have lists in expressions that are awaited.
  template <typename... Values>
  Task<Rows> query(const char* sql, Values&&... values_of_statement) {
    std::vector<Value> list;
    (list.emplace_back(std::forward<Values>(values_of_statement)), ...);
    return run(sql, std::move(list));
  }

  /// The same with the values in a list.
  Task<Rows> run(const char* sql, std::vector<Value> values_of_statement);
};

}  // namespace connector::http
