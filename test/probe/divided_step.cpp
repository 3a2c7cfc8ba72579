#include "divided_step.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "core/remote/common_state.hpp"
#include "json_values.hpp"
#include "pause.hpp"

namespace connector::probe {

namespace {

/// Offers what another connection offers, but that has ended before anybody joins.
class TooLate final : public core::Connection {
 public:
  explicit TooLate(core::Connection& other) : other_(other) {}
  void check() override { other_.check(); }
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override {
    return other_.list_tables(schema, limit);
  }
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override {
    return other_.describe(request);
  }
  core::StateOffer offer_state(const core::SourceRequest& of, int way) override {
    core::StateOffer offer = other_.offer_state(of, way);
    if (offer.why_not.empty()) other_.end_offer();
    return offer;
  }
  bool usable() const noexcept override { return other_.usable(); }

 private:
  core::Connection& other_;
};

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
                         const core::JsonValue& request, const core::Connect& connect, const ReadNumbers& read) {
  const auto number = [](std::int64_t value) { return json(value); };
  const std::vector<std::string> parts = source.divide(std::stoull(text_at(request, "wanted")));
  if (const std::string pipe = text_at(request, "pause"); !pipe.empty()) pause(pipe);
  core::PollWait wait;
  core::FurtherConnections readers;
  for (std::size_t i = std::stoull(text_at(request, "readers")); i > 0; --i) {
    auto& reader = *readers.emplace_back(
        std::make_unique<core::FurtherConnection>(wait, std::chrono::seconds(0), std::function<core::RunPoint()>()));
    reader.connection = connect(reader.wait);
  }
  TooLate too_late(connection);
  core::Connection& offering = text_at(request, "too_late") == "true" ? too_late : connection;
  const std::string why_not = core::come_to_one_state(offering, of, readers, wait);
  std::vector<core::JsonMember> answer{{"parts", probe::json(parts)}, {"why_not", probe::json(why_not)}};
  if (why_not.empty()) {
    for (const auto& reader : readers) reader->source = reader->connection->describe(of);
    std::vector<std::vector<std::int64_t>> rows;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string halt = text_at(request, "pause_reading");
      if (i == parts.size() / 2 && !halt.empty()) pause(halt);
      rows.push_back(read(*readers[i % readers.size()]->source, {.columns = {0}, .part = parts[i]}));
    }
    std::vector<std::int64_t> whole;
    for (const auto& reader : readers) whole.push_back(sum(read(*reader->source, {.columns = {0}})));
    answer.push_back({"rows", json_array(rows, [&](const auto& part) { return json_array(part, number); })});
    answer.push_back({"whole", json_array(whole, number)});
  }
  answer.push_back({"own", json(sum(read(source, {.columns = {0}})))});
  return core::json_text(probe::json(std::move(answer)));
}

}  // namespace connector::probe
