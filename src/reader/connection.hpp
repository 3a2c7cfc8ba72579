// A connection, and what it describes, whose other half is in a process connector-reader.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/remote/provider.hpp"
#include "reader/channel.hpp"

namespace connector::reader {

class ReaderConnection final : public core::Connection {
 public:
  ReaderConnection(std::unique_ptr<Channel> channel, bool survives_early_end) noexcept
      : channel_(std::move(channel)), survives_early_end_(survives_early_end) {}

  void check() override;
  std::vector<core::RemoteTable> list_tables(std::string_view schema, std::int64_t limit) override;
  std::unique_ptr<core::Source> describe(const core::SourceRequest& request) override;
  std::unique_ptr<core::Source> join(std::span<core::Source* const> parts) override;
  core::StateOffer offer_state(const core::SourceRequest& of, int way) override;
  std::string join_state(const std::string& token) override;
  void end_offer() override;
  bool usable() const noexcept override { return channel_->usable(); }
  bool survives_early_end() const noexcept override { return survives_early_end_; }
  /// Asks the process, which asks its driver, but not the server.
  bool closed_by_remote() const noexcept override;

 private:
  std::unique_ptr<Channel> channel_;
  bool survives_early_end_;
};

class ReaderSource final : public core::Source {
 public:
  ReaderSource(Channel& channel, std::uint64_t number, core::SourceDescription description) noexcept
      : channel_(channel), number_(number), description_(std::move(description)) {}
  ~ReaderSource() override;

  std::uint64_t number() const noexcept { return number_; }
  const core::SourceDescription& description() const override { return description_; }
  std::optional<std::string> change_mark() override;
  core::Support support(const core::Expression& condition) override;
  bool orders_by(std::size_t column) override;
  bool orders_cheaply(std::size_t column) override;
  bool groups_by(std::size_t column) override;
  std::optional<core::RemoteColumn> aggregate(const core::Aggregate& aggregate) override;
  bool joins(const core::Join& join) override;
  bool takes(const core::Scan& scan) override;
  bool samples() override;
  std::string statement(const core::Scan& scan) override;
  std::vector<std::string> divide(std::size_t wanted) override;
  std::unique_ptr<core::RemoteCursor> open(const core::Scan& scan) override;

 private:
  std::int64_t number_of(FrameKind kind, std::size_t column, const core::Expression& condition, core::Phase phase);

  Channel& channel_;
  std::uint64_t number_;  ///< the process knows it by this
  core::SourceDescription description_;
};

}  // namespace connector::reader
