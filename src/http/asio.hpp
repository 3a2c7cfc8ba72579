// Boost.Asio, and what Boost 1.74 needs before its coroutines: included from here and nowhere else.
#pragma once

#if defined(__clang__) && !defined(BOOST_ASIO_HAS_CO_AWAIT)
// Boost 1.74 takes clang's coroutines for those before C++20.
#define BOOST_ASIO_HAS_CO_AWAIT
#define BOOST_ASIO_HAS_STD_COROUTINE
#endif

#if defined(__GNUC__) && !defined(__clang__)
// g++ sees the frames of coroutines allocated by Asio's own operator new, inlined, and freed by its operator delete,
// and takes that for a mistake.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <chrono>
#include <optional>
#include <utility>  // missing in asio/awaitable.hpp

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace connector::http {

namespace asio = boost::asio;
using boost::system::error_code;

/// A coroutine of the program's one thread.
template <typename Value = void>
using Task = asio::awaitable<Value>;
using Clock = std::chrono::steady_clock;

/// How a call that is awaited tells an error: in `error`, not by an exception.
inline auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

}  // namespace connector::http
