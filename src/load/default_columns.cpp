#include "load/default_columns.hpp"

namespace connector::load {

void add_default_columns(const TargetSchema&, const std::string&, LoadPlan&) {}

}  // namespace connector::load
