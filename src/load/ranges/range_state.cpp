#include "load/ranges/range_state.hpp"

#include <nlohmann/json.hpp>

namespace connector::load {

namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
void put(Json& object, const char* key, const std::optional<Value>& value) {
  object[key] = value ? Json(*value) : Json();
}

template <typename Value>
std::optional<Value> get(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->template get<Value>();
}

void put_sum(Json& object, const std::string& side, const std::optional<core::RangeSum>& sum) {
  object[side + "_rows"] = sum ? Json(sum->rows) : Json();
  object[side + "_sums"] = sum ? Json(sum->sums) : Json();
}

std::optional<core::RangeSum> get_sum(const Json& object, const std::string& side) {
  const std::optional<std::uint64_t> rows = get<std::uint64_t>(object, (side + "_rows").c_str());
  const std::optional<std::string> sums = get<std::string>(object, (side + "_sums").c_str());
  if (!rows || !sums) return std::nullopt;
  return core::RangeSum{*rows, *sums};
}

}  // namespace

std::vector<std::string> RangeState::bounds() const {
  std::vector<std::string> bounds;
  for (const KnownRange& range : ranges) {
    if (range.lower) bounds.push_back(*range.lower);
  }
  return bounds;
}

std::string range_state_text(const RangeState& state) {
  Json figures;
  put(figures, "remote_sum", state.figures.remote_sum);
  put(figures, "local_sum", state.figures.local_sum);
  put(figures, "read", state.figures.read);
  put(figures, "apply", state.figures.apply);
  figures["share_read"] = state.figures.share_read;
  Json ranges = Json::array();
  for (const KnownRange& known : state.ranges) {
    Json range{{"number", ranges.size()}};
    put(range, "lower_bound", known.lower);
    put_sum(range, "remote", known.remote);
    put_sum(range, "local", known.local);
    ranges.push_back(std::move(range));
  }
  const Json all{{"mark", state.mark}, {"figures", std::move(figures)}, {"ranges", std::move(ranges)}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<RangeState> parse_range_state(std::string_view text) {
  const Json all = Json::parse(text, nullptr, false);
  if (!all.is_object()) return std::nullopt;
  try {
    RangeState state;
    state.mark = all.at("mark").get<std::string>();
    const Json& figures = all.at("figures");
    state.figures = {.remote_sum = get<double>(figures, "remote_sum"),
                     .local_sum = get<double>(figures, "local_sum"),
                     .read = get<double>(figures, "read"),
                     .apply = get<double>(figures, "apply"),
                     .share_read = get<double>(figures, "share_read").value_or(0)};
    for (const Json& range : all.at("ranges")) {
      state.ranges.push_back(
          {get<std::string>(range, "lower_bound"), get_sum(range, "remote"), get_sum(range, "local")});
    }
    // The first range has no lower bound, nor has that of the NULLs; all others have one.
    if (state.ranges.size() < 2 || state.bounds().size() != state.ranges.size() - 2) return std::nullopt;
    return state;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace connector::load
