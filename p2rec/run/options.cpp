#include "p2rec/run/options.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <type_traits>

namespace p2rec {
namespace {

template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;

std::string join(const std::vector<std::string>& strings, const std::string& separator) {
  std::string result;
  for (const std::string& s : strings) result += (result.empty() ? "" : separator) + s;
  return result;
}

// --- values to text ------------------------------------------------------------------------------------------

std::string text_of(const std::string& value) { return value; }
std::string text_of(bool value) { return value ? "true" : "false"; }
template <class Number>
std::string text_of(Number value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}
template <class T>
std::string text_of(const std::vector<T>& values) {
  std::vector<std::string> strings;
  for (const T& value : values) strings.push_back(text_of(value));
  return join(strings, ",");
}

// "at least 2", "1 to 1000", "at least 0 and below 1"; empty where there is no bound worth telling.
std::string range_text(const nn::Range& range) {
  const bool closed = !range.above_low && !range.below_high;
  if (closed && range.low > -INFINITY && range.high < nn::kLargestSize)
    return text_of(range.low) + " to " + text_of(range.high);
  std::vector<std::string> bounds;
  if (range.low > -INFINITY)
    bounds.push_back((range.above_low ? "above " : "at least ") + text_of(range.low));
  if (range.high < nn::kLargestSize)
    bounds.push_back((range.below_high ? "below " : "at most ") + text_of(range.high));
  return join(bounds, " and ");
}

// --- text to values ------------------------------------------------------------------------------------------

std::string quoted(const std::string& text) { return text.empty() ? "nothing" : "'" + text + "'"; }

[[noreturn]] void wrong(const Given& given, const std::string& found, const std::string& expected) {
  throw ag::InputError(given.place + ": found " + found + "; expected " + expected +
                       "; hint: p2rec run --help");
}

void parse(const nn::Option& option, const Given& given, const std::string& text, std::string& value) {
  if (!option.choices.empty() && !std::ranges::count(option.choices, text))
    wrong(given, quoted(text), "one of " + join(option.choices, ", "));
  if (text.empty()) wrong(given, "nothing", "a string");
  // "--out --quiet": the value has been forgotten.
  if (text.starts_with("--")) wrong(given, quoted(text), "a value, not another option");
  value = text;
}

void parse(const nn::Option&, const Given& given, const std::string& text, bool& value) {
  if (text != "true" && text != "false") wrong(given, quoted(text), "true or false");
  value = text == "true";
}

template <class Number>
void parse(const nn::Option& option, const Given& given, const std::string& text, Number& value) {
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  // A number too large for its type is out of the option's range as well.
  if (end != text.data() + text.size() || error != std::errc() ||
      !option.range.holds(static_cast<double>(parsed))) {
    const std::string bounds = range_text(option.range);
    wrong(given, quoted(text),
          (std::is_integral_v<Number> ? "an integer" : "a number") + (bounds.empty() ? "" : ", " + bounds));
  }
  value = parsed;
}

template <class T>
void set(const nn::Option& option, const Given& given, T& value) {
  if (given.values.size() != 1) wrong(given, "a list of " + std::to_string(given.values.size()), "one value");
  parse(option, given, given.values[0], value);
}

template <class T>
void set(const nn::Option& option, const Given& given, std::vector<T>& value) {
  if (given.values.empty()) wrong(given, "an empty list", "at least one value");
  std::vector<T> parsed(given.values.size());
  for (size_t i = 0; i < parsed.size(); ++i) parse(option, given, given.values[i], parsed[i]);
  if (std::set<T>(parsed.begin(), parsed.end()).size() != parsed.size())
    wrong(given, quoted(join(given.values, ",")), "each value once");
  value = parsed;
}

// --- help ------------------------------------------------------------------------------------------------------

template <class T>
std::string placeholder(const nn::Option& option, const T&) {
  if constexpr (std::is_same_v<T, bool>) return "";
  if constexpr (is_list<T>) return option.choices.empty() ? "N,N,..." : "NAME,NAME,...";
  if constexpr (std::is_same_v<T, std::string>)
    return option.choices.empty() ? "PATH" : join(option.choices, "|");
  return std::is_integral_v<T> ? "N" : "X";
}

template <class T>
OptionHelp help_of(const nn::Option& option, const std::string& heading, const T& value) {
  OptionHelp help{option.name, heading, placeholder(option, value), option.help};
  std::vector<std::string> notes;
  if constexpr (std::is_same_v<T, bool>) {
    help.can_be_off = value;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    notes = {"any of " + join(option.choices, ", "),
             "default " + (value == option.choices ? "all" : text_of(value))};
  } else {
    if (const std::string bounds = range_text(option.range); !bounds.empty()) notes.push_back(bounds);
    if (const std::string text = text_of(value); !text.empty()) notes.push_back("default " + text);
  }
  if (!notes.empty()) help.text += " (" + join(notes, "; ") + ")";
  return help;
}

size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

void set_options(const Sections& sections, const GivenOptions& given, bool ignore_unknown) {
  for (const Section& section : sections) {
    if (section.prepare) section.prepare();
    section.visit([&](const nn::Option& option, nn::Field field) {
      if (const auto found = given.find(option.name); found != given.end())
        std::visit([&](auto* value) { set(option, found->second, *value); }, field);
    });
  }
  if (ignore_unknown) return;
  const std::vector<std::string> known = option_names(sections);
  for (const auto& [name, option] : given) {
    const std::string prefix = option.place.starts_with("--") ? "--" : "";
    INPUT_CHECK(std::ranges::count(known, name), option.place, ": there is no such option here",
                did_you_mean(name, known, prefix), "; hint: p2rec run --help");
  }
}

std::string to_text(const nn::Field& field) {
  return std::visit([](const auto* value) { return text_of(*value); }, field);
}

std::vector<OptionHelp> option_help(const Sections& sections) {
  std::vector<OptionHelp> all;
  for (const Section& section : sections) {
    section.visit([&](const nn::Option& option, nn::Field field) {
      all.push_back(
          std::visit([&](const auto* value) { return help_of(option, section.heading, *value); }, field));
    });
  }
  return all;
}

std::vector<std::string> option_names(const Sections& sections) {
  std::vector<std::string> names;
  for (const Section& section : sections)
    section.visit([&](const nn::Option& option, nn::Field) { names.push_back(option.name); });
  return names;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& prefix) {
  const auto distance = [&](const std::string& other) { return edit_distance(name, other); };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  if (nearest == known.end() || distance(*nearest) > (name.size() + 1) / 2) return "";
  return "; did you mean " + prefix + *nearest + "?";
}

}  // namespace p2rec
