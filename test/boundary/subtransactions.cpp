// Failing inside subtransactions, and going on.
#include "pg/postgres.hpp"

#include <optional>

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "probe.hpp"

extern "C" {
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
}

using boundary::BackendState;
using boundary::expect;
using boundary::Probe;
using connector::pg::guard;
using connector::pg::in_subtransaction;

namespace {

void insert(const char* word) {
  connector::pg::execute("INSERT INTO boundary_words VALUES ($1)", {{25 /* text */, word}});
}

/// Runs `body` in a subtransaction and tells what came out of it: the type of exception has to survive.
template <typename Body>
std::string outcome(Body&& body) {
  const BackendState before = BackendState::now();
  std::string what = "returned";
  try {
    in_subtransaction(body);
  } catch (const connector::pg::PgError& error) {
    what = "PgError: " + error.fields().message.value_or("");
  } catch (const connector::core::Error& error) {
    what = std::string("core::Error: ") + error.what();
  } catch (const std::bad_alloc&) {
    what = "std::bad_alloc";
  } catch (const std::exception& error) {
    what = std::string("std::exception: ") + error.what();
  } catch (const connector::core::Interrupted&) {
    what = "Interrupted";
  } catch (int number) {
    what = "int " + std::to_string(number);
  }
  expect(before == BackendState::now(), "state after the subtransaction");
  return what;
}

/// Leaves everything behind that a rollback has to undo: a lock and reference on a relation, another memory context and
/// resource owner.
void fail_untidily() {
  guard([] {
    table_open(RelationRelationId, AccessShareLock);
    MemoryContextSwitchTo(TopTransactionContext);
    CurrentResourceOwner = TopTransactionResourceOwner;
    HOLD_INTERRUPTS();
    ereport(ERROR, (errmsg("untidy")));
  });
}

/// Has a relation, a scan of a catalog and rows of a system cache open, and then does `end`.
template <typename End>
void with_all_open(const End& end) {
  using namespace connector::pg;
  guard([&end] {
    with_relation(TypeRelationId, AccessShareLock, [&end](Relation) {
      with_catalog(RelationRelationId, AccessShareLock, [&end](Relation catalog) {
        scan_catalog(catalog, InvalidOid, nullptr, nullptr, [&end](HeapTuple) {
          const bool found =
              with_cached_row(RELOID, ObjectIdGetDatum(RelationRelationId), [&end](HeapTuple) { end(); });
          if (!found) elog(ERROR, "pg_class is not in the cache");
          return false;
        });
      });
    });
  });
}

/// Switches to another context and ends, by an exception or without one.
void switch_context(bool fails) {
  MemoryContextSwitchTo(TopTransactionContext);
  if (fails) throw std::runtime_error("switched");
}

/// More errors in one statement than PostgreSQL has room for on its stack of them.
void catch_many() {
  for (int i = 0; i < 100; ++i) {
    expect(outcome([] { boundary::fail("postgres"); }) == "PgError: message 1 of the test", "the same each time");
  }
}

std::string nested(const std::string& kind) {
  std::string inner;
  const std::string outer = outcome([&] {
    insert("outer");
    inner = outcome([&] {
      insert("inner");
      boundary::fail(kind);
    });
    insert("behind inner");
  });
  return inner + ", " + outer;
}

}  // namespace

CONNECTOR_FUNCTION(boundary_subtransaction) {
  const std::string kind = boundary::argument(fcinfo, 0);
  insert("before");
  const std::string what = outcome([&] {
    const Probe probe;
    insert("inside");
    if (kind == "untidy") {
      fail_untidily();
    } else if (kind == "switched" || kind == "switched and failed") {
      switch_context(kind != "switched");
    } else if (kind == "closed") {
      with_all_open([] {});
    } else if (kind == "open") {
      with_all_open([] { ereport(ERROR, (errmsg("with all open"))); });
    } else if (kind == "open and thrown") {
      with_all_open([] { throw std::runtime_error("with all open"); });
    } else if (kind == "many") {
      catch_many();
    } else if (!kind.empty()) {
      boundary::fail(kind);
    }
  });
  insert("after");
  return boundary::result(what);
}

CONNECTOR_FUNCTION(boundary_nested_subtransactions) {
  return boundary::result(nested(boundary::argument(fcinfo, 0)));
}
