// A provider as small as the steps in ARCHITECTURE.md allow: how much it takes, and that it is all that it takes.
#include <gtest/gtest.h>

#include "core/net/wait.hpp"
#include "core/remote/dialect.hpp"
#include "core/remote/registry.hpp"
#include "core/request/connector_reader.hpp"

namespace connector::core {
namespace {

/// A remote whose only table has the numbers from 1 to 5.
class ToyDialect final : public Dialect {
 public:
  std::span<const TypeRule> rules() const noexcept override { return rules_; }

 protected:
  const TypeRule* rule_of(const RemoteColumn& /*column*/) const override { return rules_; }
  std::optional<std::string> constant(Operator /*comparison*/, const RemoteColumn& /*column*/,
                                      std::string_view value) const override {
    return std::string(value);
  }

 private:
  static constexpr TypeRule rules_[] = {
      {.types = "number", .equality = Support::exact, .range = Support::exact, .sorts = true}};
};

class ToyCursor final : public RemoteCursor {
 public:
  explicit ToyCursor(const Scan& scan) : left_(scan.limit.value_or(5)) {
    if (scan.where) next_ = std::stoll(scan.where->operands[1].value);
  }
  bool fetch(RowBatch& batch) override {
    for (; next_ <= 5 && left_ > 0; ++next_, --left_) {
      if (batch.full()) return true;
      batch.set_int(0, next_);
      batch.finish_row();
    }
    return false;
  }

 private:
  std::int64_t next_ = 1;
  std::int64_t left_;
};

class ToySource final : public Source {
 public:
  ToySource() {
    RemoteColumn& column = description_.columns.emplace_back();
    column.name = "n";
    column.remote_type = "number";
    column.type.kind = TypeKind::int8;
  }
  const SourceDescription& description() const override { return description_; }
  Support support(const Expression& condition) override {
    return ToyDialect().support(condition, description_.columns);
  }
  std::unique_ptr<RemoteCursor> open(const Scan& scan) override { return std::make_unique<ToyCursor>(scan); }

 private:
  SourceDescription description_;
};

class ToyConnection final : public Connection {
 public:
  void check() override {}
  bool usable() const noexcept override { return true; }
  std::vector<RemoteTable> list_tables(std::string_view /*schema*/, std::int64_t /*limit*/) override {
    return {{.schema = "", .name = "numbers", .kind = "table", .estimated_rows = 5}};
  }
  std::unique_ptr<Source> describe(const SourceRequest& request) override {
    if (request.table != "numbers") throw Error(ErrorNumber::cannot_read, "no such table");
    return std::make_unique<ToySource>();
  }
};

class ToyProvider final : public Provider {
 public:
  const ProviderInfo& info() const noexcept override { return info_; }
  std::string library_version() const override { return "none"; }
  std::unique_ptr<Connection> connect(const ConnectRequest& /*request*/) const override {
    return std::make_unique<ToyConnection>();
  }

 private:
  static constexpr ParameterInfo parameters_[] = {{.name = "server", .description = "", .required = true}};
  static constexpr ProviderInfo info_{.id = "toy",
                                      .name = "Toy",
                                      .description = "",
                                      .features = {},
                                      .connection_parameters = parameters_,
                                      .parameters = {}};
};

class ToyProviderTest : public ::testing::Test {
 protected:
  std::vector<std::int64_t> numbers(Source& source, const Scan& scan) {
    std::vector<std::int64_t> found;
    RowBatch batch({{.name = "n", .type = {.kind = TypeKind::int8}}}, InvalidValues::error, 2, 1024);
    const std::unique_ptr<RemoteCursor> cursor = source.open(scan);
    for (bool more = true; more; batch.clear()) {
      more = cursor->fetch(batch);
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        found.push_back(static_cast<std::int64_t>(batch.values(0)[row]));
      }
    }
    return found;
  }

  ToyProvider provider_;
  Registry registry_{{{"toy", "Toy", &provider_}}};
};

TEST_F(ToyProviderTest, ARequestIsCheckedByItsDescription) {
  const auto parse = [&](std::string_view json) { return parse_connector(json, RequestKind::import, registry_); };
  EXPECT_EQ(parse(R"({"provider": "toy", "connection": {"server": "s"}, "table": "numbers"})").provider, "toy");
  EXPECT_THROW(parse(R"({"provider": "toy", "connection": {}, "table": "numbers"})"), Error);
  EXPECT_THROW(parse(R"({"provider": "toy", "connection": {"server": "s", "port": 1}, "table": "numbers"})"), Error);
}

TEST_F(ToyProviderTest, ASourceIsReadAgain) {
  const ConnectionOptions options{{"server", "s"}};
  const AddressRules rules("", false);
  PollWait wait;
  const std::unique_ptr<Connection> connection =
      provider_.connect({.options = options, .session = {}, .address_rules = rules, .wait = wait});
  const std::unique_ptr<Source> source = connection->describe({.table = "numbers"});
  EXPECT_EQ(numbers(*source, {.columns = {0}}), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(numbers(*source, {.columns = {0}, .limit = 3}), (std::vector<std::int64_t>{1, 2, 3}));
  const Expression from_four = Expression::comparison(0, Operator::greater_or_equal, "4");
  EXPECT_EQ(source->support(from_four), Support::exact);
  EXPECT_EQ(numbers(*source, {.columns = {0}, .where = from_four}), (std::vector<std::int64_t>{4, 5}));
}

}  // namespace
}  // namespace connector::core
