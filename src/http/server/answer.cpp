#include "http/server/answer.hpp"

#include <algorithm>

#include "http/database/limited_log.hpp"
#include "http/routes/failure_reply.hpp"
#include "http/routes/notices.hpp"
#include "http/routes/services.hpp"
#include "http/routes/table.hpp"

namespace connector::http {

namespace {

Task<Reply> work(Answer& told, Match match, const Request& request, const Settings& settings, Services& services,
                 EventStream& stream, Stop& stop) {
  if (match.allowed.empty()) co_return Reply{.status = 404};
  if (match.route == nullptr) co_return not_allowed_reply(match.allowed);
  told.route = match.route->path;
  const std::chrono::seconds time = std::max(settings.call_timeout, match.route->time);
  Call call(request, std::move(match.values), services, stream, stop, Clock::now() + time);
  if (!match.route->for_everybody) {
    call.session = co_await services.log_in.log_in(request, call.identity, call.deadline, stop);
    told.user = call.identity.user;
  }
  Reply reply = co_await match.route->handler(call);
  told.user = call.identity.user;  // a route for everybody may have logged somebody in
  add_notices(reply, call.notices);
  co_return reply;
}

}  // namespace

Task<Answer> answer(const Request& request, const Settings& settings, Services& services, EventStream& stream,
                    Stop& stop) {
  Answer told;
  Match match = find_route(request.method, request.path);
  const Route* route = match.route;
  try {
    told.reply = co_await work(told, std::move(match), request, settings, services, stream, stop);
  } catch (Refusal& refusal) {
    told.reply = std::move(refusal.reply);
  } catch (const LoginFailure& failure) {
    limited_log().line("no session in the database", failure.message);
    told.reply = login_failure_reply(failure);
  } catch (const SqlFailure& failure) {
    told.reply = failure_reply(failure);
  } catch (const Stopped&) {
    told.reply = stopped_reply();
  } catch (const std::exception& error) {
    limited_log().line("unexpected exception", error.what());
    told.reply = error_reply(500, "the program failed at this request");
  }
  if (route != nullptr && route->failure_shape != nullptr && told.reply.status >= 400 && !told.reply.body.empty()) {
    told.reply.body = json_reply(route->failure_shape(Json::parse(told.reply.body))).body;
  }
  // A stream has sent its status long before its end, of which the reply tells.
  const unsigned status = stream.begun() ? 200 : told.reply.status;
  services.counters.count(told.route, method_name(request.method), status);
  co_return told;
}

}  // namespace connector::http
