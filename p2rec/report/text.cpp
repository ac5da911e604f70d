#include "p2rec/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "nn/io/text.h"
#include "p2rec/task/progress.h"

namespace p2rec {
namespace {

const char* const kDash = "–";
const char* const kNarrow = "\u00A0";  // between a number and its unit: no line break

std::string with_minus(std::string number) {
  if (number.starts_with('-')) number.replace(0, 1, "−");
  return number;
}

std::string fixed(double value, int decimals) {
  return std::isfinite(value) ? with_minus(fmt::format("{:.{}f}", value, decimals)) : kDash;
}

std::string in_small(const std::string& text) { return text.empty() ? "" : "<small>" + text + "</small>"; }

}  // namespace

std::string escaped(std::string_view text) {
  static const std::map<char, const char*> kEntities = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  std::string result;
  for (const char c : text) {
    const auto entity = kEntities.find(c);
    const auto code = static_cast<unsigned char>(c);
    if (entity != kEntities.end()) {
      result += entity->second;
    } else if ((code < 0x20 && c != '\n') || code == 0x7F) {
      result += "\uFFFD";
    } else {
      result += c;
    }
  }
  return result;
}

std::string shortened(std::string_view text, size_t characters) {
  size_t seen = 0, last = 0;  // characters so far; where the last allowed one begins
  for (size_t i = 0; i < text.size(); ++i) {
    if (nn::begins_character(text[i]) && ++seen == characters) last = i;
  }
  return seen <= characters ? std::string(text) : std::string(text.substr(0, last)) + "…";
}

std::string figure(const std::string& plot, const std::string& caption) {
  return fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n", caption, plot);
}

std::string table(const std::string& label, const std::string& caption, const std::string& head,
                  const std::string& rows) {
  return fmt::format(
      R"(<div class="wide" role="region" aria-label="{}" tabindex="0"><table>
<caption>{}</caption>
<thead><tr>{}</tr></thead>
<tbody>
{}</tbody></table></div>
)",
      label, caption, head, rows);
}

std::string column(const std::string& content, const std::string& css) {
  return fmt::format(R"(<th scope="col"{}>{}</th>)", css, content);
}

std::string row(const std::string& head, const std::string& small, const std::string& cells,
                bool emphasised) {
  return fmt::format("<tr{}><th scope=\"row\">{}{}</th>{}</tr>\n", emphasised ? kMethodClass : "", head,
                     in_small(small), cells);
}

std::string cell(const std::string& content, const std::string& small) {
  return fmt::format("<td>{}{}</td>", content, in_small(small));
}

std::string missing(const std::string& why) {
  return "<p class=\"missing\">Nothing to show: " + why + "</p>\n";
}

std::string code(const std::string& text) { return "<code>" + escaped(text) + "</code>"; }

std::string metric_text(double value) { return fixed(value, 4); }
std::string mean_text(double value) { return fixed(value, 1); }

std::string difference_text(double value) {
  return std::isfinite(value) ? with_minus(fmt::format("{:+.4f}", value)) : kDash;
}

std::string loss_text(double value) {
  const double size = std::abs(value);
  if (size >= 1) return fixed(value, 3);
  if (size == 0 || size >= 1e-4) return fixed(value, 5);
  return std::isfinite(value) ? with_minus(fmt::format("{:.1e}", value)) : kDash;
}

std::string count_text(int64_t value) {
  std::string digits = std::to_string(value);
  const ptrdiff_t first = value < 0 ? 1 : 0;
  for (auto place = static_cast<ptrdiff_t>(digits.size()) - 3; place > first; place -= 3)
    digits.insert(static_cast<size_t>(place), ",");
  return with_minus(digits);
}

std::string rate_text(double value) {
  if (!(std::abs(value) < 1e15)) return kDash;
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(1.0, value))) - 2));
  return count_text(std::llround(value / unit) * std::llround(unit));
}

std::string percent_text(double share) {
  return std::isfinite(share) ? fixed(100 * share, 1) + kNarrow + "%" : kDash;
}

std::string memory_text(double mib) {
  if (!std::isfinite(mib)) return kDash;
  return mib < 1024 ? fixed(mib, 0) + kNarrow + "MiB" : fixed(mib / 1024, 2) + kNarrow + "GiB";
}

std::string seconds_text(double seconds) {
  constexpr double kCenturies = 1e10;  // no run takes longer, or less than 0
  return seconds >= 0 && seconds < kCenturies ? duration_text(seconds) : kDash;
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < step / 2) return "0";
  if (step >= 1 && std::abs(value) < 1e15) return count_text(std::llround(value));
  const int decimals = static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
  return decimals <= 6 ? fixed(value, decimals) : with_minus(fmt::format("{:.1e}", value));
}

}  // namespace p2rec
