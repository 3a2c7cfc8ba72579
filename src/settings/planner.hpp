// Settings that the planner looks at.
#pragma once

namespace connector::settings {

/// connector.enable_key_lookup.
bool key_lookup_is_enabled() noexcept;

}  // namespace connector::settings
