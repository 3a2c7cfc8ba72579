// From a server's name to a session, and to the transaction that everything is read in.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/remote/provider.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// Resolves the server's name, checks the addresses, and dials those that may be dialled one after the other.
std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login);

/// What the begin of a transaction tells.
struct TransactionFacts {
  /// Fractional digits of `money`, which are the remote server's lc_monetary's affair.
  int money_digits = 2;
  std::string value = {};  ///< of TransactionBegin::value
};

/// What the begin of a transaction does beside.
struct TransactionBegin {
  std::string_view isolation = "REPEATABLE READ";
  std::string_view first = {};      ///< statements with their semicolons, in front of all others
  std::string_view value = "NULL";  ///< an expression
  /// How long a statement may wait for a lock; 0 = as long as it takes.
  std::chrono::milliseconds lock_timeout{0};
};

/// Begins a transaction that only reads, and sees one state of the database; ends the one before. The settings hold
/// for the transaction, so that a connection pooler in between hands nothing on. A message of its own: only when the
/// server has told when its process began can what comes next, and may wait for a lock, be stopped. Begins none while
/// the session holds a snapshot, which is then what is seen.
TransactionFacts begin_transaction(Session& session, const TransactionBegin& begin = {});

/// Settings that hold from here to the end of the transaction: `catalog` for our own queries, in which unqualified
/// names mean the system's; `user` for what the user wrote, where names and strings mean what they mean to the remote
/// role.
enum class SearchPath { catalog, user };
std::string set_search_path(SearchPath path);

/// The client_encoding that a transaction begins with.
std::string_view usual_encoding(const Session& session);

}  // namespace connector::postgres
