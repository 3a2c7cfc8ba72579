// What a run works with.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>

#include "core/net/wait.hpp"
#include "core/remote/provider.hpp"
#include "core/request/connector_spec.hpp"
#include "load/read/progress.hpp"

namespace connector::load {

class Readers;

struct LoadLimits {
  std::int64_t max_rows = 0;  ///< 0 = none
  int max_columns = 256;
  std::size_t batch_bytes = 256 * 1024;
  int range_rows = 20'000;  ///< that a range has, about, where checksums of ranges are compared
};

/// One import, refresh or dry run. What it refers to outlives it.
struct Run {
  const core::ConnectorSpec& spec;
  const core::ProviderInfo& provider;
  core::Connection& connection;
  LoadLimits limits;
  core::Wait& wait;
  Progress& progress;
  Readers& readers;  ///< of whole tables, beside `connection`
  Oid caller;        ///< the role that asked for it: the current user before anything acted as another
};

}  // namespace connector::load
