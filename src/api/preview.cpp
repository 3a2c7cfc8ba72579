#include "api/preview.hpp"

#include <algorithm>

#include "load/converter.hpp"
#include "load/import.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace connector::api {

namespace {

Json text_of(Datum value, Oid output) {
  char* text = pg::guard([=] { return OidOutputFunctionCall(output, value); });
  Json json = pg::utf8_text(std::string_view(text));
  pfree(text);
  return json;
}

}  // namespace

Json preview(core::Source& source, const load::LoadPlan& plan, const Request& request, std::int64_t rows) {
  Json result = Json::array();
  if (rows == 0) return result;
  const std::vector<core::BatchColumn> columns = load::batch_columns(plan, source.description());
  std::vector<load::ColumnConverter> converters;
  std::vector<Oid> outputs;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    converters.emplace_back(columns[i], plan.columns[i].natural, plan.columns[i].target);
    outputs.push_back(pg::guard([&] {
      Oid output;
      bool is_varlena;
      getTypeOutputInfo(plan.columns[i].target.oid, &output, &is_varlena);
      return output;
    }));
  }
  core::RowBatch batch(columns, request.spec().invalid_values, 1000, request.limits().batch_bytes);
  source.open(plan.remote_columns(), rows);
  bool more = true;
  while (more && static_cast<std::int64_t>(result.size()) < rows) {
    more = source.fetch(batch);
    const auto take = std::min<std::size_t>(batch.rows(), static_cast<std::size_t>(rows) - result.size());
    for (std::size_t i = 0; i < columns.size(); ++i) converters[i].convert(batch, i, take);
    for (std::size_t row = 0; row < take; ++row) {
      Json object = Json::object();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        object[plan.columns[i].name] = batch.nulls(i)[row] ? Json(nullptr) : text_of(batch.values(i)[row], outputs[i]);
      }
      result.push_back(std::move(object));
    }
    batch.clear();
  }
  return result;
}

}  // namespace connector::api
