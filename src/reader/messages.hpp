// The bodies of frames, as JSON, and what they say.
//
// What comes from the other process may be anything: reading throws core::Error (see broken_reader.hpp) on what is no
// such message, on texts that hold NUL, and on columns that may not be (see value_check.hpp). Texts are UTF-8; what is
// written has other bytes replaced.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"

namespace connector::reader {

/// What the reader needs to know of a core::ConnectRequest, and for itself.
struct ConnectMessage {
  core::ConnectionOptions options{};
  std::map<std::string, std::string> session{};
  std::string allowed_hosts{};  ///< this and the next two: of core::AddressRules
  bool any_address = false;
  bool local_addresses = false;
  std::chrono::seconds connect_timeout{0};
  std::chrono::seconds statement_timeout{0};
  std::string application_name{};
  bool trusted = false;
  bool may_use_tickets = false;
};
std::string to_message(const ConnectMessage& connect);
ConnectMessage connect_message(std::string_view text);

/// The answer to that.
struct ConnectedMessage {
  bool survives_early_end = false;
};
std::string to_message(const ConnectedMessage& connected);
ConnectedMessage connected_message(std::string_view text);

struct ListMessage {
  std::string schema{};
  std::int64_t limit = 0;
};
std::string to_message(const ListMessage& list);
ListMessage list_message(std::string_view text);

std::string to_message(const std::vector<core::RemoteTable>& tables);
std::vector<core::RemoteTable> tables_message(std::string_view text);

/// Without `parts`.
std::string to_message(const core::SourceRequest& request);
core::SourceRequest source_request_message(std::string_view text);

/// The answer to `describe`: the source has a number. Of the description all but indexes, foreign keys and defaults.
struct DescribedMessage {
  std::uint64_t source = 0;
  core::SourceDescription description{};
};
std::string to_message(const DescribedMessage& described);
DescribedMessage described_message(std::string_view text);

/// A question about a source. What of it is meant is the frame's affair.
struct SourceMessage {
  std::uint64_t source = 0;
  std::size_t column = 0;
  core::Expression condition{};
};
std::string to_message(const SourceMessage& message);
SourceMessage source_message(std::string_view text);

/// For `join`: the numbers of the parts.
struct PartsMessage {
  std::vector<std::uint64_t> sources{};
};
std::string to_message(const PartsMessage& parts);
PartsMessage parts_message(std::string_view text);

struct AggregateMessage {
  std::uint64_t source = 0;
  core::Aggregate aggregate{};
};
std::string to_message(const AggregateMessage& message);
AggregateMessage aggregate_message(std::string_view text);

/// The answer to that. Throws if it is a column that is not read.
std::string to_message(const std::optional<core::RemoteColumn>& column);
std::optional<core::RemoteColumn> column_message(std::string_view text);

/// For `joins`.
struct JoinMessage {
  std::uint64_t source = 0;
  core::Join join{};
};
std::string to_message(const JoinMessage& message);
JoinMessage join_message(std::string_view text);

/// For `divide`.
struct DivideMessage {
  std::uint64_t source = 0;
  std::size_t wanted = 0;
};
std::string to_message(const DivideMessage& message);
DivideMessage divide_message(std::string_view text);

/// The answer to that. Throws if there are more parts than anybody asks for, or one that is empty or too long.
std::string to_message(const std::vector<std::string>& parts);
std::vector<std::string> division_message(std::string_view text);

/// For `offer_state`.
struct OfferMessage {
  core::SourceRequest of{};
  int way = 0;
};
std::string to_message(const OfferMessage& message);
OfferMessage offer_message(std::string_view text);

/// The answer to that.
std::string to_message(const core::StateOffer& offer);
core::StateOffer state_offer_message(std::string_view text);

/// For `takes`, `statement` and `open`.
struct ScanMessage {
  std::uint64_t source = 0;
  core::Scan scan{};
};
std::string to_message(const ScanMessage& message);
ScanMessage scan_message(std::string_view text);

/// For `read`: what batches are made with.
struct ReadMessage {
  core::InvalidValues invalid_values = core::InvalidValues::error;
  std::vector<core::BatchColumn> columns{};  ///< those of the scan, and its aggregates
};
std::string to_message(const ReadMessage& message);
ReadMessage read_message(std::string_view text);

/// `counts`: by column of the scan.
struct CountsMessage {
  std::vector<std::uint64_t> invalid{};
  std::vector<std::vector<std::uint64_t>> substitutions{};  ///< for each kind; a kind that has none may be empty

  bool operator==(const CountsMessage&) const = default;
};
std::string to_message(const CountsMessage& counts);
CountsMessage counts_message(std::string_view text);

/// The end of a cursor.
std::string to_message(const std::vector<core::RemoteWarning>& warnings);
std::vector<core::RemoteWarning> warnings_message(std::string_view text);

/// Answers that are one value.
std::string to_message(std::int64_t number);
std::int64_t number_message(std::string_view text);
std::string to_message(const std::optional<std::string>& text);
std::optional<std::string> text_message(std::string_view text);

std::string to_message(const core::Error& error);
/// `shown`: what is made of each of its texts.
core::Error error_message(std::string_view text, const std::function<std::string(const std::string&)>& shown);

}  // namespace connector::reader
