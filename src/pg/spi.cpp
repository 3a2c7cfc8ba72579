#include "pg/spi.hpp"

#include <cstring>

#include "pg/guard.hpp"
#include "pg/setting.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
}

namespace connector::pg {

namespace {

/// Everything SPI is given for one call.
struct Arguments {
  std::vector<Oid> types;
  std::vector<Datum> values;
  std::vector<char> nulls;  // 'n' or ' '
};

Arguments make_arguments(const std::vector<SqlParameter>& parameters) {
  Arguments result;
  for (const SqlParameter& parameter : parameters) {
    result.types.push_back(parameter.type);
    result.nulls.push_back(parameter.value ? ' ' : 'n');
    if (!parameter.value) {
      result.values.push_back(0);
      continue;
    }
    const char* text = parameter.value->c_str();
    const Oid type = parameter.type;
    result.values.push_back(guard([text, type] {
      Oid input;
      Oid io_parameter;
      getTypeInputInfo(type, &input, &io_parameter);
      return OidInputFunctionCall(input, const_cast<char*>(text), io_parameter, -1);
    }));
  }
  return result;
}

/// SPI makes its own memory context current until SPI_finish(), which an exception leaves out.
class KeepContext {
 public:
  KeepContext() noexcept : context_(CurrentMemoryContext) {}
  ~KeepContext() { CurrentMemoryContext = context_; }
  KeepContext(const KeepContext&) = delete;
  KeepContext& operator=(const KeepContext&) = delete;

 private:
  MemoryContext context_;
};

/// Runs the command between SPI_connect and SPI_finish; `consume` sees the result before it is freed.
template <typename Consume>
void run(std::string_view sql, const std::vector<SqlParameter>& parameters, Sees sees, Consume&& consume) {
  const std::string text(sql);
  const KeepContext keep;
  guard([] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
  });
  // In SPI's memory, which goes with SPI_finish(): one call may run thousands of statements.
  Arguments arguments = make_arguments(parameters);
  guard([&] {
    if (sees == Sees::latest) PushActiveSnapshot(GetLatestSnapshot());
    const int code =
        SPI_execute_with_args(text.c_str(), static_cast<int>(arguments.types.size()), arguments.types.data(),
                              arguments.values.data(), arguments.nulls.data(), sees != Sees::present, 0);
    if (sees == Sees::latest) PopActiveSnapshot();
    if (code < 0) elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(code));
  });
  // An exception from here reaches the entry point, and the abort of the (sub)transaction ends the SPI connection.
  consume();
  guard([] { SPI_finish(); });
}

/// In a guard.
void process(Node* statement, const char* text, ProcessUtilityContext context) {
  auto* command = makeNode(PlannedStmt);
  command->commandType = CMD_UTILITY;
  command->canSetTag = true;
  command->utilityStmt = statement;
  command->stmt_len = static_cast<int>(std::strlen(text));
  ProcessUtility(command, text, false, context, nullptr, nullptr, None_Receiver, nullptr);
  CommandCounterIncrement();
}

}  // namespace

Oid read_oid(const std::optional<std::string>& value) {
  return value ? static_cast<Oid>(std::stoul(*value)) : InvalidOid;
}

std::uint64_t execute(std::string_view sql, const std::vector<SqlParameter>& parameters) {
  std::uint64_t processed = 0;
  run(sql, parameters, Sees::present, [&] { processed = SPI_processed; });
  return processed;
}

SqlRows query(std::string_view sql, const std::vector<SqlParameter>& parameters, Sees sees) {
  SqlRows rows;
  run(sql, parameters, sees, [&] {
    if (SPI_tuptable == nullptr) return;
    const TupleDesc descriptor = SPI_tuptable->tupdesc;
    rows.reserve(SPI_processed);
    for (std::uint64_t i = 0; i < SPI_processed; ++i) {
      auto& row = rows.emplace_back();
      const HeapTuple tuple = SPI_tuptable->vals[i];
      for (int column = 1; column <= descriptor->natts; ++column) {
        const char* value = guard([=] { return SPI_getvalue(tuple, descriptor, column); });
        row.push_back(value == nullptr ? std::nullopt : std::optional<std::string>(value));
      }
    }
  });
  return rows;
}

SqlRows catalog_query(std::string_view sql, const std::vector<SqlParameter>& parameters, Sees sees) {
  return with_system_path([&] { return query(sql, parameters, sees); });
}

bool any_catalog_row(std::string_view sql, Oid relation) {
  return !catalog_query(sql, {{OIDOID, std::to_string(relation)}}).empty();
}

void run_command(std::string_view sql) {
  const std::string text(sql);
  guard([&] {
    List* parsed = pg_parse_query(text.c_str());
    List* analyzed =
        pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), text.c_str(), nullptr, 0, nullptr);
    process(linitial_node(Query, analyzed)->utilityStmt, text.c_str(), PROCESS_UTILITY_TOPLEVEL);
  });
}

void run_utility(Node* statement, const char* shown) {
  process(statement, shown, PROCESS_UTILITY_QUERY);
}

void query_into(std::string_view sql, DestReceiver& receiver, Sees sees) {
  const std::string text(sql);
  const KeepContext keep;
  guard([&] {
    if (SPI_connect() != SPI_OK_CONNECT) elog(ERROR, "SPI_connect failed");
    SPIExecuteOptions options{};
    options.dest = &receiver;
    options.read_only = sees != Sees::present;
    if (sees == Sees::latest) PushActiveSnapshot(GetLatestSnapshot());
    const int code = SPI_execute_extended(text.c_str(), &options);
    if (sees == Sees::latest) PopActiveSnapshot();
    if (code < 0) elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(code));
    SPI_finish();
  });
}

}  // namespace connector::pg
