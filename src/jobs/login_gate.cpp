#include "jobs/login_gate.hpp"

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "jobs/as_owner.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/request.hpp"
#include "jobs/run_log.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/subtransaction.hpp"

namespace connector::jobs {

namespace {

/// As the owner, as in the run; empty if the request can't be used, which the run itself will say.
std::optional<store::Login> login_of(const store::Sync& sync) {
  std::optional<store::Login> login;
  try {
    pg::in_subtransaction([&] {
      as_owner(sync.owner, [&] { login = Request(sync.request, core::RequestKind::sync).login(sync.owner); });
    });
  } catch (const core::Error&) {
    return std::nullopt;
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) throw;
    return std::nullopt;
  }
  return login;
}

/// Another session may have the row locked, or have changed it (REPEATABLE READ): no reason for the run to fail, or to
/// wait for long. A role that uses the same mapping may keep it locked for as long as it likes.
void attempt(const std::function<void()>& work) {
  try {
    pg::in_subtransaction([&] { pg::with_settings({{"lock_timeout", "500"}}, work); });
  } catch (const pg::PgError& error) {
    if (error.sqlerrcode() != ERRCODE_LOCK_NOT_AVAILABLE && error.sqlerrcode() != ERRCODE_T_R_SERIALIZATION_FAILURE)
      throw;
  }
}

}  // namespace

LoginGate look_at_login(const store::Sync& sync, schedule::Time now) {
  LoginGate gate;
  if (!store::any_denied_login()) return gate;
  const std::optional<store::Login> login = login_of(sync);
  if (!login) return gate;
  const std::optional<store::DeniedLogin> denied = store::find_denied_login(*login);
  if (!denied) return gate;
  gate.login = *login;
  gate.denials = denied->denials;
  gate.next_try = denied->next_try;
  if (denied->next_try <= now) {
    // Whoever claims it and then finds the remote out of reach has told nothing of the login.
    gate.next_try = now + schedule::login_pause(1);
    attempt([&] {
      if (store::claim_login(*login, now, schedule::login_pause(1))) gate.state = LoginGate::State::trial;
    });
  }
  if (gate.state != LoginGate::State::trial) gate.state = LoginGate::State::held;
  return gate;
}

WorkEnd try_login(const store::Sync& sync) {
  return do_work(sync.owner,
                 [&] { as_owner(sync.owner, [&] { Request(sync.request, core::RequestKind::sync).connect(); }); });
}

store::Failure held_failure(const LoginGate& gate) {
  const store::Login& login = gate.login;
  const std::string summary = "the login of " + core::quoted(login.username) + " at server " +
                              core::quoted(login.server) + (login.port.empty() ? "" : ", port " + login.port) +
                              " was denied; it is not tried again before " + time_text(gate.next_try);
  store::Failure failure = failure_of(core::remote_error(
      {.provider = login.provider,
       .phase = core::Phase::authenticate,
       .number = core::ErrorNumber::cannot_connect,
       .summary = summary,
       .remote_message = "",
       .remote_detail = "The server was not contacted: it denied the login " + std::to_string(gate.denials) +
                        (gate.denials == 1 ? " time" : " times in a row") + ", and more may lock the account.",
       .hint = "Correct the password, here or there; cdb_sync_now() tries the login at once."}));
  failure.next_login = gate.next_try;
  return failure;
}

void note_denied(store::Failure& failure, const store::Login& login, bool alone) {
  const schedule::Time now = store::now();
  failure.next_login = now + schedule::login_pause(1);
  attempt([&] { failure.next_login = store::note_denied_login(login, now, alone); });
}

void note_login(const store::Login& login) {
  attempt([&] { store::forget_denied_login(login); });
}

void forget_denied_login_of(const store::Sync& sync) {
  if (!store::any_denied_login()) return;
  if (const std::optional<store::Login> login = login_of(sync)) store::forget_denied_login(*login);
}

}  // namespace connector::jobs
