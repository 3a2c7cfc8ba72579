#include "divided_step.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.hpp"
#include "json_values.hpp"
#include "pause.hpp"

namespace connector::probe {

namespace {

using Connections = std::vector<std::unique_ptr<core::Connection>>;

constexpr int most_rounds = 5;

/// Joins until all have the same mark.
bool join_all(const Connections& readers, const std::string& token) {
  std::vector<std::string> marks;
  for (const auto& reader : readers) marks.push_back(reader->join_state(token));
  for (int round = 0; round < most_rounds && std::set(marks.begin(), marks.end()).size() > 1; ++round) {
    for (std::size_t i = 1; i < readers.size(); ++i) {
      if (marks[i] != marks[0]) marks[i] = readers[i]->join_state(token);
    }
  }
  return std::set(marks.begin(), marks.end()).size() == 1;
}

/// Why that can't be; empty if it is so.
std::string come_to_one_state(core::Connection& connection, const core::SourceRequest& of, const Connections& readers,
                              bool is_too_late) {
  for (int way = 0;; ++way) {
    const core::StateOffer offer = connection.offer_state(of, way);
    if (!offer.why_not.empty()) return offer.why_not;
    if (is_too_late) connection.end_offer();
    bool is_one = false;
    try {
      is_one = join_all(readers, offer.token);
    } catch (const core::Error& error) {
      connection.end_offer();
      return error.message();
    }
    connection.end_offer();
    if (is_one) return {};
  }
}

/// Empty if the key is not there.
std::string text_at(const core::JsonValue& request, std::string_view key) {
  const auto found = std::ranges::find(request.members, key, &core::JsonMember::key);
  return found == request.members.end() ? "" : found->value.text;
}

std::int64_t sum(const std::vector<std::int64_t>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
}

core::JsonValue json(std::int64_t number) {
  return probe::json(core::JsonValue::Type::integer, std::to_string(number));
}

}  // namespace

std::string divided_text(core::Connection& connection, core::Source& source, const core::SourceRequest& of,
                         const core::JsonValue& request, const Connect& connect, const ReadNumbers& read) {
  const auto number = [](std::int64_t value) { return json(value); };
  const std::vector<std::string> parts = source.divide(std::stoull(text_at(request, "wanted")));
  if (const std::string pipe = text_at(request, "pause"); !pipe.empty()) pause(pipe);
  Connections readers;
  for (std::size_t i = std::stoull(text_at(request, "readers")); i > 0; --i) readers.push_back(connect());
  const std::string why_not = come_to_one_state(connection, of, readers, text_at(request, "too_late") == "true");
  std::vector<core::JsonMember> answer{{"parts", probe::json(parts)}, {"why_not", probe::json(why_not)}};
  if (why_not.empty()) {
    std::vector<std::unique_ptr<core::Source>> sources;
    for (const auto& reader : readers) sources.push_back(reader->describe(of));
    std::vector<std::vector<std::int64_t>> rows;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      rows.push_back(read(*sources[i % sources.size()], {.columns = {0}, .part = parts[i]}));
    }
    std::vector<std::int64_t> whole;
    for (const auto& reading : sources) whole.push_back(sum(read(*reading, {.columns = {0}})));
    answer.push_back({"rows", json_array(rows, [&](const auto& part) { return json_array(part, number); })});
    answer.push_back({"whole", json_array(whole, number)});
  }
  answer.push_back({"own", json(sum(read(source, {.columns = {0}})))});
  return core::json_text(probe::json(std::move(answer)));
}

}  // namespace connector::probe
