#include "http/routes/metric_text.hpp"

namespace connector::http {

void MetricText::begin(std::string_view name, std::string_view kind, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(kind).append("\n");
}

void MetricText::add(Labels labels, std::string_view value) {
  text_ += name_;
  char before = '{';
  for (const auto& [label, content] : labels) {
    (text_ += before).append(label).append("=\"");
    before = ',';
    for (const char c : content) {
      if (c == '\\' || c == '"') text_ += '\\';
      text_ += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
    }
    text_ += '"';
  }
  if (before == ',') text_ += '}';
  text_.append(" ").append(value).append("\n");
}

}  // namespace connector::http
