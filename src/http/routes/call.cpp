#include "http/routes/call.hpp"

namespace connector::http {

Call::Call(const Request& request, std::vector<std::string> values, Services& services, EventStream& stream, Stop& stop,
           Clock::time_point deadline)
    : request(request), values(std::move(values)), services(services), stream(stream), stop(stop), deadline(deadline) {}

Task<Rows> Call::run(const char* sql, std::vector<Value> values_of_statement) {
  Rows rows = co_await session->run(sql, std::move(values_of_statement), deadline, &stop);
  notices.insert(notices.end(), session->notices().begin(), session->notices().end());
  co_return rows;
}

}  // namespace connector::http
