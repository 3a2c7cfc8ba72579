#include "api/preview.hpp"

#include <algorithm>
#include <cstring>
#include <map>

#include "load/read/batch_reader.hpp"
#include "load/write/sink.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace connector::api {

namespace {

/// A value is shown up to this length, and the preview ends with the row that passes the other one: it is a JSON value
/// in memory. Bytes, in the database's encoding.
constexpr int max_value_bytes = 1000;
constexpr std::size_t max_preview_bytes = 4 * 1024 * 1024;
constexpr std::string_view cut_mark = "...";

/// How values of a column are printed.
struct Printer {
  Oid type;  ///< of a domain what is below it
  Oid output;
};

/// The beginning of a printed value, in memory of the batch.
struct Printed {
  const char* text;
  int length;
  bool cut;
};

Printer printer_of(Oid type) {
  return pg::guard([=] {
    Printer printer{getBaseType(type), InvalidOid};
    bool is_varlena;
    getTypeOutputInfo(type, &printer.output, &is_varlena);
    return printer;
  });
}

Printed beginning(const char* text, std::size_t length) {
  if (length <= static_cast<std::size_t>(max_value_bytes)) return {text, static_cast<int>(length), false};
  return {text, pg_mbcliplen(text, static_cast<int>(length), max_value_bytes), true};
}

/// Of types that are stored as they are printed, or byte by byte, no more is printed than is shown.
Printed print(const Printer& printer, Datum value) {
  switch (printer.type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case JSONOID: {
      const struct varlena* stored = PG_DETOAST_DATUM_PACKED(value);
      return beginning(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
    }
    case BYTEAOID: {
      const struct varlena* stored = PG_DETOAST_DATUM_PACKED(value);
      const int bytes = static_cast<int>(VARSIZE_ANY_EXHDR(stored));
      const int shown = std::min(bytes, max_value_bytes);
      auto* part = static_cast<struct varlena*>(palloc(VARHDRSZ + shown));
      SET_VARSIZE(part, VARHDRSZ + shown);
      std::memcpy(VARDATA(part), VARDATA_ANY(stored), shown);
      const char* text = OidOutputFunctionCall(printer.output, PointerGetDatum(part));
      Printed printed = beginning(text, std::strlen(text));
      printed.cut = printed.cut || shown < bytes;
      return printed;
    }
    default: {
      const char* text = OidOutputFunctionCall(printer.output, value);
      return beginning(text, std::strlen(text));
    }
  }
}

/// Takes rows as long as there is room.
class PreviewSink final : public load::Sink {
 public:
  explicit PreviewSink(const load::LoadPlan& plan) : plan_(plan) {
    for (const auto& column : plan.columns) printers_.push_back(printer_of(column.target.oid));
  }

  void write(core::RowBatch& batch, std::size_t rows) override {
    std::size_t row = 0;
    for (; row < rows && !is_full(); ++row) add_row(batch, row);
    left_rows_ = left_rows_ || row < rows;
  }
  bool is_full() const noexcept override { return bytes_ > max_preview_bytes; }

  /// `more`: the source may have rows behind those that came, and more were asked for.
  Preview finish(bool more) {
    Json warnings = Json::object();
    for (const auto& [column, count] : cut_) warnings["cut_values"][plan_.columns[column].name] = count;
    if (!cut_.empty()) {
      pg::notice("the preview shows long values up to " + std::to_string(max_value_bytes) + " bytes",
                 "They end with \"" + std::string(cut_mark) + "\". An import brings them whole.");
    }
    if (is_full() && (more || left_rows_)) {
      warnings["preview_bytes"] = max_preview_bytes;
      const std::size_t rows = preview_.rows.size();
      pg::notice(
          "the preview ends after " + std::to_string(rows) + (rows == 1 ? " row" : " rows"),
          "It shows no more than " + std::to_string(max_preview_bytes) + " bytes, and the row that passes them.");
    }
    if (!warnings.empty()) preview_.warnings = std::move(warnings);
    return std::move(preview_);
  }

 private:
  void add_row(core::RowBatch& batch, std::size_t row) {
    Json object = Json::object();
    // The names are different: no need to look for each among those before it.
    auto& members = object.get_ref<Json::object_t&>();
    for (std::size_t i = 0; i < printers_.size(); ++i) {
      const std::string& name = plan_.columns[i].name;
      members.emplace_back(name, batch.nulls(i)[row] ? Json(nullptr) : shown(i, batch.values(i)[row]));
      bytes_ += name.size() + least_bytes;
    }
    preview_.rows.push_back(std::move(object));
  }

  /// What a value needs in memory beside its text, in the least.
  static constexpr std::size_t least_bytes = 32;

  Json shown(std::size_t column, Datum value) {
    const Printer& printer = printers_[column];
    const Printed printed = pg::guard([&] { return print(printer, value); });
    std::string text = pg::utf8_text({printed.text, static_cast<std::size_t>(printed.length)});
    bytes_ += text.size();
    if (printed.cut) {
      text += cut_mark;
      ++cut_[column];
    }
    return text;
  }

  const load::LoadPlan& plan_;
  std::vector<Printer> printers_;
  std::map<std::size_t, std::size_t> cut_;  // values by column
  std::size_t bytes_ = 0;
  bool left_rows_ = false;  ///< of a batch
  Preview preview_;
};

}  // namespace

Preview preview(core::Source& source, const load::LoadPlan& plan, const load::Run& run, std::int64_t rows) {
  PreviewSink sink(plan);
  if (rows == 0) return sink.finish(false);
  load::BatchReader reader(source, plan, run);
  reader.open({.limit = rows});
  load::LoadResult result;
  const bool more = reader.read(sink, result);
  return sink.finish(more && result.rows < static_cast<std::uint64_t>(rows));
}

}  // namespace connector::api
