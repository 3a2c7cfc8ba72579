#include "reader/connection.hpp"

#include <exception>
#include <new>
#include <utility>

#include "core/net/stale_socket.hpp"
#include "reader/broken_reader.hpp"
#include "reader/cursor.hpp"
#include "reader/messages.hpp"
#include "reader/value_check.hpp"

namespace connector::reader {

using core::Phase;

void ReaderConnection::check() {
  channel_->call(FrameKind::check, {}, Phase::execute);
}

std::vector<core::RemoteTable> ReaderConnection::list_tables(std::string_view schema, std::int64_t limit) {
  return channel_->ask(FrameKind::list_tables, to_message(ListMessage{std::string(schema), limit}), Phase::describe,
                       tables_message);
}

std::unique_ptr<core::Source> ReaderConnection::describe(const core::SourceRequest& request) {
  DescribedMessage described =
      channel_->ask(FrameKind::describe, to_message(request), Phase::describe, described_message);
  return std::make_unique<ReaderSource>(*channel_, described.source, std::move(described.description));
}

/// What the columns are is known here: that of the other side need not be believed.
std::unique_ptr<core::Source> ReaderConnection::join(std::span<core::Source* const> parts) {
  PartsMessage numbers;
  for (const core::Source* part : parts) {
    const auto* source = dynamic_cast<const ReaderSource*>(part);
    if (source == nullptr) return nullptr;
    numbers.sources.push_back(source->number());
  }
  const auto number = channel_->ask(FrameKind::join, to_message(numbers), Phase::describe, number_message);
  if (number == 0) return nullptr;
  return std::make_unique<ReaderSource>(*channel_, static_cast<std::uint64_t>(number), core::joined_description(parts));
}

core::StateOffer ReaderConnection::offer_state(const core::SourceRequest& of, int way) {
  return channel_->ask(FrameKind::offer_state, to_message(OfferMessage{of, way}), Phase::execute, state_offer_message);
}

std::string ReaderConnection::join_state(const std::string& token) {
  return channel_->ask(FrameKind::join_state, to_message(std::optional(token)), Phase::execute,
                       [](std::string_view text) {
                         std::string mark = text_message(text).value_or("");
                         if (!is_state_text(mark)) throw broken_reader("a mark is too long");
                         return mark;
                       });
}

void ReaderConnection::end_offer() {
  if (channel_->usable()) channel_->call(FrameKind::end_offer, {}, Phase::execute);
}

bool ReaderConnection::closed_by_remote() const noexcept {
  if (!channel_->usable() || core::is_stale(channel_->process().socket(), false)) return true;
  const Channel::Uninterrupted uninterrupted(*channel_);
  try {
    return channel_->ask(FrameKind::closed_by_remote, {}, Phase::execute, number_message, patience()) != 0;
  } catch (const std::exception&) {
    return true;
  }
}

ReaderSource::~ReaderSource() {
  try {
    channel_.tell_later(FrameKind::forget, to_message(SourceMessage{.source = number_}));
  } catch (const std::bad_alloc&) {
    // The process keeps it until it ends.
  }
}

std::int64_t ReaderSource::number_of(FrameKind kind, std::size_t column, const core::Expression& condition,
                                     Phase phase) {
  return channel_.ask(kind, to_message(SourceMessage{number_, column, condition}), phase, number_message);
}

std::optional<std::string> ReaderSource::change_mark() {
  return channel_.ask(FrameKind::change_mark, to_message(SourceMessage{.source = number_}), Phase::execute,
                      text_message);
}

core::Support ReaderSource::support(const core::Expression& condition) {
  const std::int64_t support = number_of(FrameKind::support, 0, condition, Phase::describe);
  return channel_.understood([&] {
    if (support < 0 || support > static_cast<std::int64_t>(core::Support::none)) throw broken_reader("no such support");
    return static_cast<core::Support>(support);
  });
}

bool ReaderSource::orders_by(std::size_t column) {
  return number_of(FrameKind::orders_by, column, {}, Phase::describe) != 0;
}

bool ReaderSource::orders_cheaply(std::size_t column) {
  return number_of(FrameKind::orders_cheaply, column, {}, Phase::describe) != 0;
}

bool ReaderSource::groups_by(std::size_t column) {
  return number_of(FrameKind::groups_by, column, {}, Phase::describe) != 0;
}

std::optional<core::RemoteColumn> ReaderSource::aggregate(const core::Aggregate& aggregate) {
  const bool has_column = aggregate.function != core::AggregateFunction::count_rows;
  const core::RemoteColumn asked = has_column ? description_.columns.at(aggregate.column) : core::RemoteColumn{};
  return channel_.ask(FrameKind::aggregate, to_message(AggregateMessage{number_, aggregate}), Phase::describe,
                      [&](std::string_view text) {
                        std::optional<core::RemoteColumn> told = column_message(text);
                        if (told && !is_answer_to(aggregate.function, asked, *told)) {
                          throw broken_reader("an aggregate has values of another type");
                        }
                        return told;
                      });
}

bool ReaderSource::joins(const core::Join& join) {
  return channel_.ask(FrameKind::joins, to_message(JoinMessage{number_, join}), Phase::describe, number_message) != 0;
}

bool ReaderSource::takes(const core::Scan& scan) {
  return channel_.ask(FrameKind::takes, to_message(ScanMessage{number_, scan}), Phase::describe, number_message) != 0;
}

bool ReaderSource::samples() {
  return number_of(FrameKind::samples, 0, {}, Phase::describe) != 0;
}

std::string ReaderSource::statement(const core::Scan& scan) {
  return channel_.ask(FrameKind::statement, to_message(ScanMessage{number_, scan}), Phase::describe, text_message)
      .value_or("");
}

std::vector<std::string> ReaderSource::divide(std::size_t wanted) {
  return channel_.ask(FrameKind::divide, to_message(DivideMessage{number_, wanted}), Phase::describe, division_message);
}

std::unique_ptr<core::RemoteCursor> ReaderSource::open(const core::Scan& scan) {
  channel_.call(FrameKind::open, to_message(ScanMessage{number_, scan}), Phase::execute);
  return std::make_unique<ReaderCursor>(channel_);
}

}  // namespace connector::reader
