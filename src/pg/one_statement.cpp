#include "pg/one_statement.hpp"

#include "core/base/error.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "tcop/utility.h"
}

namespace connector::pg {

namespace {

/// What PostgreSQL refuses inside a transaction block or a function, of the statements that nobody would have to run
/// for that to be known. Called in a guard.
bool needs_own_transaction(Node* statement) {
  switch (nodeTag(statement)) {
    case T_CreatedbStmt:
    case T_DropdbStmt:
    case T_CreateTableSpaceStmt:
    case T_DropTableSpaceStmt:
    case T_AlterSystemStmt:
      return true;
    case T_VacuumStmt:
      return reinterpret_cast<VacuumStmt*>(statement)->is_vacuumcmd;
    case T_DiscardStmt:
      return reinterpret_cast<DiscardStmt*>(statement)->target == DISCARD_ALL;
    case T_IndexStmt:
      return reinterpret_cast<IndexStmt*>(statement)->concurrent;
    case T_DropStmt:
      return reinterpret_cast<DropStmt*>(statement)->concurrent;
    case T_ReindexStmt: {
      const auto* reindex = reinterpret_cast<ReindexStmt*>(statement);
      if (reindex->relation == nullptr) return true;
      const ListCell* cell;
      foreach (cell, reindex->params) {
        if (strcmp(static_cast<DefElem*>(lfirst(cell))->defname, "concurrently") == 0) return true;
      }
      return false;
    }
    default:
      return false;
  }
}

enum class Objection { none, not_one, transaction, own_transaction, client };

struct Judgement {
  Objection objection;
  int statements;
  const char* command;  // a constant of PostgreSQL's
};

/// Called in a guard.
Judgement judge(const char* sql) {
  const List* statements = raw_parser(sql, RAW_PARSE_DEFAULT);
  if (list_length(statements) != 1) return {Objection::not_one, list_length(statements), nullptr};
  Node* statement = static_cast<RawStmt*>(linitial(statements))->stmt;
  const char* command = GetCommandTagName(CreateCommandTag(statement));
  Objection objection = Objection::none;
  if (IsA(statement, TransactionStmt)) objection = Objection::transaction;
  if (needs_own_transaction(statement)) objection = Objection::own_transaction;
  if (IsA(statement, CopyStmt) && reinterpret_cast<CopyStmt*>(statement)->filename == nullptr) {
    objection = Objection::client;
  }
  return {objection, 1, command};
}

std::string sentence(const Judgement& judgement) {
  switch (judgement.objection) {
    case Objection::not_one:
      return "It has " + std::to_string(judgement.statements) + " of them.";
    case Objection::transaction:
      return std::string(judgement.command) + " is not allowed: it runs in a transaction that ends with it.";
    case Objection::own_transaction:
      return std::string(judgement.command) + " of this kind can't run inside a transaction.";
    case Objection::client:
      return "It can't copy from or to a client: there is none.";
    case Objection::none:
      break;
  }
  return {};
}

core::Error refusal(const std::string& key, const std::string& why) {
  return core::Error(core::ErrorNumber::invalid_parameters, "invalid connector parameters: \"" + key + '"',
                     "Key \"" + key + "\" must be one SQL statement. " + why,
                     "Give a statement that can run inside a transaction, as in \"REFRESH MATERIALIZED VIEW "
                     "public.orders_by_day\". More than one thing goes into a function or a DO block.");
}

}  // namespace

void require_one_statement(const std::string& sql, const std::string& key) {
  Judgement judgement{};
  try {
    judgement = guard([&] { return judge(sql.c_str()); });
  } catch (const PgError& error) {
    throw refusal(key, "PostgreSQL says: " + utf8_text(error.what()) + '.');
  }
  if (judgement.objection != Objection::none) throw refusal(key, sentence(judgement));
}

}  // namespace connector::pg
