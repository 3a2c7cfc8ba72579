// The text format of Prometheus, version 0.0.4.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace connector::http {

class MetricText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a metric: all its samples follow at once. `kind` is gauge or counter; `help` has one line.
  void begin(std::string_view name, std::string_view kind, std::string_view help);

  /// A sample of the metric that was begun last.
  void add(Labels labels, std::string_view value);

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

}  // namespace connector::http
