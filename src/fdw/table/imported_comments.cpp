#include "fdw/table/imported_comments.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
}

namespace connector::fdw {

namespace {

struct Comment {
  Comment* next;
  AttrNumber column;
  char* text;
};

/// The comments of one statement, in the memory context that the statement's text is in.
struct Pending {
  MemoryContextCallback forget;
  Pending* next;
  const char* statement;
  Comment* comments;
};

Pending* all_pending = nullptr;
ProcessUtility_hook_type next_hook = nullptr;

void forget(void* argument) {
  for (Pending** link = &all_pending; *link != nullptr; link = &(*link)->next) {
    if (*link != argument) continue;
    *link = (*link)->next;
    return;
  }
}

const Pending* find(const char* statement) {
  const Pending* pending = all_pending;
  while (pending != nullptr && pending->statement != statement) pending = pending->next;
  return pending;
}

/// Owns nothing: an ERROR of what it calls goes straight through it.
void on_utility(PlannedStmt* statement, const char* text, bool read_only_tree, ProcessUtilityContext context,
                ParamListInfo parameters, QueryEnvironment* environment, DestReceiver* receiver,
                QueryCompletion* completion) {
  const auto next = next_hook != nullptr ? next_hook : standard_ProcessUtility;
  next(statement, text, read_only_tree, context, parameters, environment, receiver, completion);
  if (!IsA(statement->utilityStmt, CreateForeignTableStmt)) return;
  const Pending* pending = find(text);
  if (pending == nullptr) return;
  // Event triggers come behind the whole import only: the name is still the new table's.
  CommandCounterIncrement();
  const RangeVar* name = reinterpret_cast<const CreateForeignTableStmt*>(statement->utilityStmt)->base.relation;
  const Oid table = RangeVarGetRelid(name, NoLock, false);
  for (const Comment* comment = pending->comments; comment != nullptr; comment = comment->next) {
    CreateComments(table, RelationRelationId, comment->column, comment->text);
  }
}

}  // namespace

void comment_after(const char* statement, const std::vector<NewComment>& comments) {
  // It stays for the rest of the session: other modules may have put their own hooks on top of it by then.
  static const bool installed = [] {
    next_hook = ProcessUtility_hook;
    ProcessUtility_hook = on_utility;
    return true;
  }();
  static_cast<void>(installed);
  pg::guard([&] {
    auto* pending = static_cast<Pending*>(palloc0(sizeof(Pending)));
    pending->statement = statement;
    for (const NewComment& comment : comments) {
      auto* copy = static_cast<Comment*>(palloc(sizeof(Comment)));
      *copy = {pending->comments, comment.column, pstrdup(comment.text.c_str())};
      pending->comments = copy;
    }
    pending->forget.func = forget;
    pending->forget.arg = pending;
    MemoryContextRegisterResetCallback(CurrentMemoryContext, &pending->forget);
    pending->next = all_pending;
    all_pending = pending;
  });
}

}  // namespace connector::fdw
