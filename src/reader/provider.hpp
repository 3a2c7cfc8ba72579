// A provider whose connections each have a process of their own.
#pragma once

#include "core/remote/provider.hpp"

namespace connector::reader {

/// Hides that the provider does not run here: what it does is done by the program connector-reader, which has its
/// driver. A driver that crashes, hangs, ends its process or writes what it should not is an error of the statement.
class ReaderProvider final : public core::Provider {
 public:
  /// `info`: what the program's provider says of itself; lives as long as the process.
  explicit ReaderProvider(const core::ProviderInfo& info) noexcept : info_(info) {}

  const core::ProviderInfo& info() const noexcept override { return info_; }
  /// That of the program, which is not asked for it.
  std::string library_version() const override { return "in a process of its own"; }
  std::unique_ptr<core::Connection> connect(const core::ConnectRequest& request) const override;

 private:
  const core::ProviderInfo& info_;
};

}  // namespace connector::reader
