// Waiting on sockets that say nothing.
#include "pg/postgres.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/latch_wait.hpp"
#include "pg/tie.hpp"
#include "probe.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace {

using boundary::expect;
using boundary::Mark;
using boundary::Probe;
using connector::core::Deadline;
using connector::core::no_deadline;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) { expect(fd >= 0, "a descriptor"); }
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

int connect_to(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  expect(path.size() < sizeof address.sun_path, "a short path");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

Deadline deadline(FunctionCallInfo fcinfo, int number) {
  if (PG_ARGISNULL(number)) return no_deadline;
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(PG_GETARG_INT32(number));
}

}  // namespace

/// boundary_wait(socket text, mark text, events int, deadline int, run_deadline int): waits, with a Tied object that
/// leaves a mark, and one in the frame that leaves a mark at the same path with ".frame". Without a socket, one end of
/// a pair of its own; events 0 and no socket: no descriptor at all.
CONNECTOR_FUNCTION(boundary_wait) {
  const Probe probe;
  const std::string path = boundary::argument(fcinfo, 0);
  connector::pg::Tied<Mark> tied(TopTransactionContext);
  tied.set(std::make_unique<Mark>(boundary::argument(fcinfo, 1)));
  const Mark in_frame(boundary::argument(fcinfo, 1) + ".frame");
  const auto events = static_cast<unsigned>(PG_GETARG_INT32(2));
  int pair[2];
  expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair of sockets");
  const Descriptor near(pair[0]), far(pair[1]);
  const Descriptor connected(path.empty() ? dup(pair[0]) : connect_to(path));
  connector::pg::LatchWait wait(deadline(fcinfo, 4));
  try {
    const unsigned ready = wait.wait(path.empty() && events == 0 ? -1 : connected.get(), events, deadline(fcinfo, 3));
    wait.check();
    PG_RETURN_INT32(static_cast<int32>(ready));
  } catch (const connector::pg::PgError& error) {
    // Requests to stop have a type of their own, which no driver takes for a failure of its remote.
    throw std::logic_error(std::string("not Interrupted but PgError: ") + error.what());
  }
}

/// boundary_wait_for_two(socket text, other text, mark text, events int, deadline int, run_deadline int): waits for the
/// same events of two sockets and tells what each is ready for, as "1 0". Each is one end of a pair of its own where no
/// path is given; 'none' is no descriptor at all, 'closed' one that was closed. Marks as above.
CONNECTOR_FUNCTION(boundary_wait_for_two) {
  const Probe probe;
  const std::string mark = boundary::argument(fcinfo, 2);
  connector::pg::Tied<Mark> tied(TopTransactionContext);
  tied.set(std::make_unique<Mark>(mark));
  const Mark in_frame(mark + ".frame");
  int pair[2], other_pair[2];
  expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair of sockets");
  const Descriptor near(pair[0]), far(pair[1]);
  expect(socketpair(AF_UNIX, SOCK_STREAM, 0, other_pair) == 0, "a pair of sockets");
  const Descriptor other_near(other_pair[0]), other_far(other_pair[1]);
  const std::string path = boundary::argument(fcinfo, 0), other_path = boundary::argument(fcinfo, 1);
  const bool has_other = other_path != "none" && other_path != "closed";
  const Descriptor one(path.empty() ? dup(pair[0]) : connect_to(path));
  const Descriptor other(other_path.empty() || !has_other ? dup(other_pair[0]) : connect_to(other_path));
  const auto events = static_cast<unsigned>(PG_GETARG_INT32(3));
  connector::core::WaitSocket sockets[] = {{one.get(), events}, {other.get(), events}};
  if (other_path == "none") sockets[1].fd = -1;
  if (other_path == "closed") {
    sockets[1].fd = fcntl(other.get(), F_DUPFD, 500);  // a number that what waits does not get
    close(sockets[1].fd);
  }
  connector::pg::LatchWait wait(deadline(fcinfo, 5));
  const bool any = wait.wait(sockets, deadline(fcinfo, 4));
  expect(any == ((sockets[0].ready | sockets[1].ready) != 0), "the result says whether one is ready");
  return boundary::result(std::to_string(sockets[0].ready) + " " + std::to_string(sockets[1].ready));
}

/// FATAL under a guard: C++ frames are not unwound, but what is tied goes with the transaction.
CONNECTOR_FUNCTION(boundary_fatal) {
  connector::pg::Tied<Mark> tied(TopTransactionContext);
  tied.set(std::make_unique<Mark>(boundary::argument(fcinfo, 0)));
  const Mark in_frame(boundary::argument(fcinfo, 0) + ".frame");
  connector::pg::guard([] { ereport(FATAL, (errmsg("the end"))); });
  PG_RETURN_VOID();
}
