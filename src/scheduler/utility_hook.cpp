#include "scheduler/utility_hook.hpp"

#include "pg/postgres.hpp"

#include <csignal>
#include <cstring>

#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/worker.hpp"
#include "shmem/shared.hpp"

extern "C" {
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
}

namespace connector::scheduler {

namespace {

ProcessUtility_hook_type previous_hook = nullptr;

/// All that ProcessUtility() is called with.
struct Call {
  PlannedStmt* statement;
  const char* text;
  bool read_only_tree;
  ProcessUtilityContext context;
  ParamListInfo parameters;
  QueryEnvironment* environment;
  DestReceiver* receiver;
  QueryCompletion* completion;
};

void run(const Call& call) {
  const auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
  next(call.statement, call.text, call.read_only_tree, call.context, call.parameters, call.environment, call.receiver,
       call.completion);
}

const char* option(const List* options, const char* name) {
  for (int i = 0; i < list_length(options); ++i) {
    auto* element = static_cast<DefElem*>(list_nth(options, i));
    if (std::strcmp(element->defname, name) == 0 && element->arg != nullptr) return defGetString(element);
  }
  return nullptr;
}

/// The database that nobody may be connected to while the statement runs, or null.
const char* exclusive_database(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_DropdbStmt:
      return reinterpret_cast<const DropdbStmt*>(statement)->dbname;
    case T_RenameStmt: {
      const auto* rename = reinterpret_cast<const RenameStmt*>(statement);
      return rename->renameType == OBJECT_DATABASE ? rename->subname : nullptr;
    }
    case T_AlterDatabaseStmt: {
      const auto* alter = reinterpret_cast<const AlterDatabaseStmt*>(statement);
      return option(alter->options, "tablespace") != nullptr ? alter->dbname : nullptr;
    }
    case T_CreatedbStmt:
      return option(reinterpret_cast<const CreatedbStmt*>(statement)->options, "template");
    default:
      return nullptr;
  }
}

/// The database to be held back: only for those who could end what works there anyway. Invalid if it is not.
Oid to_hold_back(const char* name) {
  return pg::guard([=]() -> Oid {
    const Oid found = get_database_oid(name, true);
    return found != InvalidOid && found != MyDatabaseId && connector_owns_database(found, GetUserId()) ? found
                                                                                                       : InvalidOid;
  });
}

void end_processes(Oid database) {
  // PostgreSQL itself waits for some seconds more for whoever is just about to end.
  for (int i = 0; i < 100; ++i) {
    const std::vector<int> pids = shmem::processes(database);
    if (pids.empty()) break;
    for (const int pid : pids) kill(pid, SIGTERM);
    pg::guard([] {
      CHECK_FOR_INTERRUPTS();
      pg_usleep(50'000);
    });
  }
}

void run_alone(const Call& call, const char* name) {
  const Oid database = to_hold_back(name);
  if (database == InvalidOid) {
    pg::guard([&] { run(call); });
    return;
  }
  shmem::hold_back(database);
  try {
    end_processes(database);
    pg::guard([&] { run(call); });
  } catch (...) {
    shmem::let_go(database);
    throw;
  }
  shmem::let_go(database);
  if (IsA(call.statement->utilityStmt, DropdbStmt)) shmem::launcher::forget(database);
}

void on_utility(PlannedStmt* statement, const char* text, bool read_only_tree, ProcessUtilityContext context,
                ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* receiver,
                QueryCompletion* completion) {
  const Call call{statement, text, read_only_tree, context, parameters, environment, receiver, completion};
  const Node* node = statement->utilityStmt;
  if (IsA(node, DropStmt) && reinterpret_cast<const DropStmt*>(node)->removeType == OBJECT_EXTENSION) {
    pg::enter([] { shmem::wake_at_commit(); });
  }
  const char* database = exclusive_database(node);
  if (database == nullptr) {
    run(call);
    return;
  }
  pg::enter([&call, database] { run_alone(call, database); });
}

}  // namespace

void install_utility_hook() {
  previous_hook = ProcessUtility_hook;
  ProcessUtility_hook = on_utility;
}

}  // namespace connector::scheduler
