#include "reader/program/server.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace connector::reader {

using core::Error;
using core::ErrorNumber;

namespace {

/// Columns that a source does not have would be read beyond its list.
void check_columns(const core::Source& source, std::span<const std::size_t> columns) {
  const std::size_t count = source.description().columns.size();
  if (std::ranges::any_of(columns, [count](std::size_t column) { return column >= count; })) {
    throw Error(ErrorNumber::cannot_read, "there is no such column");
  }
}

void check_columns(const core::Source& source, const core::Aggregate& aggregate) {
  if (aggregate.function != core::AggregateFunction::count_rows) check_columns(source, {&aggregate.column, 1});
}

void check_columns(const core::Source& source, const core::Scan& scan) {
  check_columns(source, scan.columns);
  if (scan.where) check_columns(source, core::columns_of(*scan.where));
  for (const core::Join& join : scan.joins) check_columns(source, core::columns_of(join.on));
  for (const core::Aggregate& aggregate : scan.aggregates) check_columns(source, aggregate);
  for (const core::OrderBy& order : scan.order_by) check_columns(source, {&order.column, 1});
}

}  // namespace

void Server::run() {
  outbox_.send(FrameKind::hello, build_id());
  while (const std::optional<Frame> frame = inbox_.next()) answer(*frame);
  cursor_.reset();
  sources_.clear();
  connection_.reset();
}

void Server::answer(const Frame& frame) {
  const auto fail = [this](const Error& error) { outbox_.send(FrameKind::failed, to_message(error)); };
  try {
    switch (frame.kind) {
      case FrameKind::more:
        break;
      case FrameKind::forget:
        sources_.erase(source_message(frame.body).source);
        break;
      case FrameKind::close:
        close();
        break;
      case FrameKind::read:
        read(frame.body);
        break;
      default:
        outbox_.send(FrameKind::done, result_of(frame));
    }
  } catch (const Error& error) {
    fail(error);
  } catch (const core::Interrupted&) {
    // Nobody waits for an answer to what was stopped.
  } catch (const std::bad_alloc&) {
    fail(Error(ErrorNumber::cannot_read, "the reader process is out of memory"));
  } catch (const std::exception& error) {
    fail(Error(frame.kind == FrameKind::connect ? ErrorNumber::cannot_connect : ErrorNumber::cannot_read,
               std::string("the driver threw an exception: ") + error.what()));
  }
}

std::string Server::result_of(const Frame& frame) {
  if (frame.kind == FrameKind::connect) return connect(frame.body);
  if (!connection_) throw Error(ErrorNumber::cannot_read, "there is no connection");
  switch (frame.kind) {
    case FrameKind::check:
      connection_->check();
      return to_message(1);
    case FrameKind::closed_by_remote:
      return to_message(connection_->usable() && !connection_->closed_by_remote() ? 0 : 1);
    case FrameKind::list_tables: {
      const ListMessage list = list_message(frame.body);
      return to_message(connection_->list_tables(list.schema, list.limit));
    }
    case FrameKind::describe:
      return describe(frame.body);
    case FrameKind::join:
      return join(parts_message(frame.body));
    case FrameKind::aggregate: {
      const AggregateMessage message = aggregate_message(frame.body);
      core::Source& asked = source(message.source);
      check_columns(asked, message.aggregate);
      return to_message(asked.aggregate(message.aggregate));
    }
    case FrameKind::joins: {
      const JoinMessage message = join_message(frame.body);
      core::Source& asked = source(message.source);
      check_columns(asked, core::columns_of(message.join.on));
      return to_message(asked.joins(message.join) ? 1 : 0);
    }
    case FrameKind::takes: {
      const ScanMessage message = scan_message(frame.body);
      core::Source& asked = source(message.source);
      check_columns(asked, message.scan);
      return to_message(asked.takes(message.scan) ? 1 : 0);
    }
    case FrameKind::statement: {
      const ScanMessage message = scan_message(frame.body);
      core::Source& asked = source(message.source);
      check_columns(asked, message.scan);
      return to_message(std::optional(asked.statement(message.scan)));
    }
    case FrameKind::divide: {
      const DivideMessage message = divide_message(frame.body);
      return to_message(source(message.source).divide(message.wanted));
    }
    case FrameKind::offer_state: {
      const OfferMessage message = offer_message(frame.body);
      return to_message(connection_->offer_state(message.of, message.way));
    }
    case FrameKind::join_state:
      return to_message(std::optional(connection_->join_state(text_message(frame.body).value_or(""))));
    case FrameKind::end_offer:
      connection_->end_offer();
      return to_message(1);
    case FrameKind::open:
      open(scan_message(frame.body));
      return to_message(1);
    default:
      return ask_source(frame.kind, source_message(frame.body));
  }
}

std::string Server::connect(const std::string& body) {
  login_ = connect_message(body);
  address_rules_ =
      std::make_unique<core::AddressRules>(login_.allowed_hosts, login_.any_address, login_.local_addresses);
  connection_ = provider_.connect({.options = login_.options,
                                   .session = login_.session,
                                   .address_rules = *address_rules_,
                                   .wait = wait_,
                                   .connect_timeout = login_.connect_timeout,
                                   .statement_timeout = login_.statement_timeout,
                                   .application_name = login_.application_name,
                                   .trusted = login_.trusted,
                                   .may_use_tickets = login_.may_use_tickets});
  return to_message(ConnectedMessage{connection_->survives_early_end()});
}

std::string Server::describe(const std::string& body) {
  std::unique_ptr<core::Source> source = connection_->describe(source_request_message(body));
  DescribedMessage described{++last_source_, source->description()};
  sources_.emplace(last_source_, std::move(source));
  return to_message(described);
}

std::string Server::join(const PartsMessage& parts) {
  std::vector<core::Source*> sources;
  for (const std::uint64_t number : parts.sources) sources.push_back(&source(number));
  std::unique_ptr<core::Source> joined = connection_->join(sources);
  if (!joined) return to_message(0);
  sources_.emplace(++last_source_, std::move(joined));
  return to_message(static_cast<std::int64_t>(last_source_));
}

void Server::open(const ScanMessage& message) {
  cursor_.reset();
  core::Source& asked = source(message.source);
  check_columns(asked, message.scan);
  cursor_ = asked.open(message.scan);
  cursor_columns_ = message.scan.columns.size() + message.scan.aggregates.size();
}

core::Source& Server::source(std::uint64_t number) {
  const auto found = sources_.find(number);
  if (found == sources_.end()) throw Error(ErrorNumber::cannot_read, "there is no such source");
  return *found->second;
}

std::string Server::ask_source(FrameKind kind, const SourceMessage& message) {
  core::Source& asked = source(message.source);
  if (kind == FrameKind::support) check_columns(asked, core::columns_of(message.condition));
  if (kind == FrameKind::orders_by || kind == FrameKind::orders_cheaply || kind == FrameKind::groups_by) {
    check_columns(asked, {&message.column, 1});
  }
  if (kind == FrameKind::change_mark) return to_message(asked.change_mark());
  const auto number = [&]() -> std::int64_t {
    switch (kind) {
      case FrameKind::support:
        return static_cast<std::int64_t>(asked.support(message.condition));
      case FrameKind::orders_by:
        return asked.orders_by(message.column) ? 1 : 0;
      case FrameKind::orders_cheaply:
        return asked.orders_cheaply(message.column) ? 1 : 0;
      case FrameKind::groups_by:
        return asked.groups_by(message.column) ? 1 : 0;
      case FrameKind::samples:
        return asked.samples() ? 1 : 0;
      default:
        throw Error(ErrorNumber::cannot_read, "there is no such request");
    }
  };
  return to_message(number());
}

/// Of a cursor that nobody has read. Where there is none, its end was told already.
void Server::close() {
  if (!cursor_) return;
  cursor_.reset();
  outbox_.send(FrameKind::done, to_message(std::vector<core::RemoteWarning>()));
}

void Server::read(const std::string& body) {
  if (!cursor_) throw Error(ErrorNumber::cannot_read, "there is no cursor");
  std::vector<core::RemoteWarning> warnings;
  try {
    send_rows(read_message(body));
    warnings = cursor_->warnings();
  } catch (const core::Interrupted&) {
    if (inbox_.is_stopped()) throw;
    // It was a `close`; the driver may have met it before its frame was taken.
    while (inbox_.is_stopping() && inbox_.next_if_there()) {
    }
  } catch (...) {
    cursor_.reset();
    throw;
  }
  cursor_.reset();
  outbox_.send(FrameKind::done, to_message(warnings));
}

void Server::send_rows(const ReadMessage& request) {
  // Few enough that the backend stores rows while the next ones are read, and fewer where they come slowly, so that it
  // does not wait for many.
  constexpr std::size_t batch_rows = 1000, first_rows = 50;
  constexpr std::chrono::milliseconds quick(100), slow(1000);
  constexpr std::size_t batch_bytes = 128 * 1024;
  if (request.columns.size() != cursor_columns_) throw Error(ErrorNumber::cannot_read, "the scan has other columns");
  core::RowBatch batch(request.columns, request.invalid_values, batch_rows, batch_bytes);
  Slots slots(file_, outbox_, inbox_);
  RowWriter writer(slots);
  CountsMessage counts;
  std::size_t wanted = first_rows;
  for (bool more = true; more; batch.clear()) {
    slots.look();
    batch.want_rows(wanted);
    const auto begin = std::chrono::steady_clock::now();
    std::exception_ptr failure;
    try {
      more = cursor_->fetch(batch);
    } catch (const Error&) {
      // The rows before it may be all that is wanted.
      failure = std::current_exception();
    }
    const auto lasted = std::chrono::steady_clock::now() - begin;
    if (lasted < quick) wanted = std::min(wanted * 4, batch_rows);
    if (lasted > slow) wanted = std::max<std::size_t>(wanted / 4, 1);
    const auto invalid = batch.invalid_counts();
    CountsMessage now{{invalid.begin(), invalid.end()}, {}};
    for (std::size_t kind = 0; kind < provider_.info().substitutions.size(); ++kind) {
      const auto of_kind = cursor_->substitutions(kind);
      now.substitutions.emplace_back(of_kind.begin(), of_kind.end());
    }
    if (now != counts) outbox_.send(FrameKind::counts, to_message(now));
    counts = std::move(now);
    writer.write(batch);
    writer.flush();
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace connector::reader
