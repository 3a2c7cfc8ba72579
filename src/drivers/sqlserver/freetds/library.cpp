#include "drivers/sqlserver/freetds/library.hpp"

#include <csignal>
#include <utility>

#include <sybfront.h>
#include <sybdb.h>

#include "core/base/error.hpp"
#include "drivers/sqlserver/freetds/redirected_calls.hpp"

namespace connector::sqlserver {

namespace {

void take(Message message) {
  if (LibraryHost::running != nullptr) LibraryHost::running->take_message(std::move(message));
}

/// db-lib's handlers are the process's. They only collect: a jump out of them would leave the library half way.
int on_error(DBPROCESS*, int severity, int number, int os_error, char* text, char*) {
  // Waits are cut short by us alone: INT_TIMEOUT makes the library send an attention and wait for the answer
  // (src/tds/util.c, tdserror()).
  if (number == SYBETIME) return INT_TIMEOUT;
  // 20018 only says that the server sent an error.
  if (number != SYBESMSG) {
    Message message;
    message.number = number;
    message.severity = severity;
    message.os_error = os_error;
    if (text != nullptr) message.text = text;
    take(std::move(message));
  }
  return INT_CANCEL;
}

int on_message(DBPROCESS*, DBINT number, int state, int severity, char* text, char*, char* procedure, int line) {
  Message message;
  message.from_server = true;
  message.number = number;
  message.state = state;
  message.severity = severity;
  message.line = line;
  if (text != nullptr) message.text = text;
  if (procedure != nullptr) message.procedure = procedure;
  take(std::move(message));
  return 0;
}

bool initialize() {
  // Threads that the library or GnuTLS might start inherit the mask.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool done = dbinit() == SUCCEED;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return done;
}

}  // namespace

void initialize_library() {
  static const bool initialized = initialize();
  if (!initialized) throw core::Error(core::ErrorNumber::unknown, "could not initialize the FreeTDS library");
  static const std::vector<RedirectedCall> redirected = redirect_library_calls("dbinit");
  static_cast<void>(redirected);
  // Another user of the library in this process (tds_fdw) may have set its own: they are ours before every login.
  dberrhandle(&on_error);
  dbmsghandle(&on_message);
}

std::string library_version() {
  return dbversion();
}

}  // namespace connector::sqlserver
