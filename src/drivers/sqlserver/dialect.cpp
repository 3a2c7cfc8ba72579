#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {

namespace {

class SqlServerDialect final : public core::Dialect {
 protected:
  std::optional<std::string> compared(const std::string& /*column*/, const core::LogicalType& /*type*/) const override {
    return std::nullopt;
  }
  std::optional<std::string> constant(core::Operator /*comparison*/, const core::LogicalType& /*type*/,
                                      std::string_view /*value*/) const override {
    return std::nullopt;
  }
  std::string limited(std::string statement, std::int64_t rows) const override {
    constexpr std::string_view select = "SELECT ";
    return std::string(select) + "TOP (" + std::to_string(rows) + ") " + statement.substr(select.size());
  }
};

}  // namespace

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('[', name, ']');
}

std::string quote_table(std::string_view database, std::string_view schema, std::string_view table) {
  return quote_identifier(database) + '.' + quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  return 'N' + core::between_quotes('\'', text, '\'');
}

const core::Dialect& dialect() noexcept {
  static const SqlServerDialect instance;
  return instance;
}

}  // namespace connector::sqlserver
