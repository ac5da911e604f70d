#include "p2rec/run/options.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <set>
#include <sstream>
#include <type_traits>

#include "autograd/gemm.h"
#include "autograd/parallel.h"
#include "p2rec/data/text_file.h"

namespace p2rec {
namespace {

std::string join(const std::vector<std::string>& strings, const std::string& separator) {
  std::string result;
  for (const std::string& s : strings) result += (result.empty() ? "" : separator) + s;
  return result;
}

void visit_all(const Sections& sections, const nn::Visit& visit) {
  for (const Section& section : sections) section.visit(visit);
}

// --- values to strings -------------------------------------------------------------------------------------

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

// "at least 2", "1 to 1000", "at least 0 and below 1"; empty if the range is practically unlimited.
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

// --- strings to values -------------------------------------------------------------------------------------

std::string quoted(const std::string& text) { return text.empty() ? "nothing" : "'" + text + "'"; }

[[noreturn]] void wrong(const Given& given, const std::string& found, const std::string& expected) {
  throw ag::InputError(given.place + ": found " + found + "; expected " + expected);
}

void parse(const nn::Option& option, const Given& given, const std::string& text, std::string& value) {
  if (!option.choices.empty() && !std::ranges::count(option.choices, text))
    wrong(given, quoted(text), "one of " + join(option.choices, ", "));
  if (text.empty()) wrong(given, "nothing", "a string");
  // "--out --quiet": the value of --out is missing.
  if (text.starts_with("--")) wrong(given, quoted(text), "a value, not another option");
  value = text;
}

void parse(const nn::Option&, const Given& given, const std::string& text, bool& value) {
  if (text != "true" && text != "false") wrong(given, quoted(text), "true or false");
  value = text == "true";
}

template <class Number>
void parse(const nn::Option& option, const Given& given, const std::string& text, Number& value) {
  const auto parsed = parse_field<Number>(text);  // no value if the number is too large for its type
  if (!parsed || !option.range.holds(static_cast<double>(*parsed))) {
    const std::string bounds = range_text(option.range);
    wrong(given, quoted(text),
          (std::is_integral_v<Number> ? "an integer" : "a number") + (bounds.empty() ? "" : ", " + bounds));
  }
  value = *parsed;
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

// --- help --------------------------------------------------------------------------------------------------

std::string placeholder(const nn::Option&, bool) { return ""; }
std::string placeholder(const nn::Option& option, const std::string&) {
  if (!option.choices.empty()) return join(option.choices, "|");
  return option.name.ends_with("-column") ? "NAME" : "PATH";
}
template <class Number>
std::string placeholder(const nn::Option&, Number) {
  return std::is_integral_v<Number> ? "N" : "X";
}
template <class T>
std::string placeholder(const nn::Option& option, const std::vector<T>&) {
  return option.choices.empty() ? "N,N,..." : "NAME,NAME,...";
}

template <class T>
OptionHelp help_of(const nn::Option& option, const std::string& heading, const T& value) {
  OptionHelp help{option.name, heading, placeholder(option, value), option.help};
  std::vector<std::string> notes;
  if constexpr (std::is_same_v<T, bool>) {
    help.can_be_off = value;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    notes = {"any of " + join(option.choices, ", "),
             "default " + (value == option.choices ? "all of them" : text_of(value))};
  } else {
    if (const std::string bounds = range_text(option.range); !bounds.empty()) notes.push_back(bounds);
    if (const std::string text = text_of(value); !text.empty()) notes.push_back("default " + text);
  }
  if (!notes.empty()) help.text += " (" + join(notes, "; ") + ")";
  return help;
}

// Levenshtein distance: the number of letters to insert, delete or replace.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
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

// The words of a name, without the plural s: {"epoch", "max"} for "max-epochs".
std::set<std::string> words_of(const std::string& name) {
  std::set<std::string> words;
  std::string word;
  for (const char c : name + '-') {
    if (c != '-' && c != '.' && c != '_') {
      word += c;
      continue;
    }
    if (word.size() > 2 && word.ends_with('s')) word.pop_back();
    if (!word.empty()) words.insert(word);
    word.clear();
  }
  return words;
}

// The distance from an unknown name to a known one, compared lexicographically: minus the number of shared
// words, the number of words that only one of them has, the number of different letters.
std::array<int64_t, 3> farness(const std::string& name, const std::string& known) {
  const std::set<std::string> a = words_of(name), b = words_of(known);
  const int64_t shared = std::ranges::count_if(a, [&](const std::string& word) { return b.contains(word); });
  const int64_t others = std::ssize(a) + std::ssize(b) - 2 * shared;
  return {-shared, shared ? others : 0, static_cast<int64_t>(edit_distance(name, known))};
}

// What other programs and papers call an option or a command, and its names here. The first known one counts.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kOtherNames = {
    {{"learning-rate", "lr"},
     {"embedding-size", "hidden"},
     {"dim", "hidden"},
     {"clusters", "groups"},
     {"topk", "top"},
     {"topk", "cutoffs"},
     {"gpu", "device"},
     {"cuda", "device"},
     {"force", "overwrite"},
     {"input", "data"},
     {"o", "out"},
     {"user", "user-column"},
     {"item", "item-column"},
     {"timestamp", "time-column"},
     {"history", "items"},
     {"sft-batch", "sft-tokens"},  // its name in 0.1.0
     {"eval", "evaluate"},
     {"test", "evaluate"}}};

// --- TOML --------------------------------------------------------------------------------------------------

// True for an option of a single call, which the file does not contain.
bool is_of_one_call(const std::string& name) { return name == "resume" || name == "overwrite"; }

template <class T>
std::string toml_value(const T& value) {
  return text_of(value);
}
std::string toml_value(double value) {  // TOML's floats have a point or an exponent
  const std::string text = text_of(value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;  // 'n' as in inf
}
std::string toml_value(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') result += '\\';
    result += code < 0x20 || code == 0x7F ? fmt::format("\\u{:04X}", code) : std::string(1, c);
  }
  return result + "\"";
}
template <class T>
std::string toml_value(const std::vector<T>& values) {
  std::vector<std::string> strings;
  for (const T& value : values) strings.push_back(toml_value(value));
  return "[" + join(strings, ", ") + "]";
}

std::string header(bool on_cuda) {
  std::ostringstream out;
  out << "# Options of a p2rec run, for p2rec run --config FILE.\n#\n"
      << "# p2rec " << P2REC_VERSION
      << "\n# matrix products: " << ag::gemm_backend_name(on_cuda ? ag::Device::CUDA : ag::Device::CPU)
      << "\n# threads: " << ag::thread_count();
  if (on_cuda) out << "\n# device: " << ag::description_of(ag::Device::CUDA);
  out << "\n# compiler: "
#ifndef __clang__
      << "gcc "
#endif
      << __VERSION__ << "\n";
  return out.str();
}

// A TOML value as a string. Throws ag::InputError for a type that no option has.
std::string toml_text(const toml::node& node, const std::string& place) {
  if (const auto value = node.value_exact<std::string>()) return *value;
  if (const auto value = node.value_exact<bool>()) return text_of(*value);
  if (const auto value = node.value_exact<int64_t>()) return text_of(*value);
  if (const auto value = node.value_exact<double>()) return text_of(*value);
  throw ag::InputError(place + ": expected a string, a number, true or false, or a list of these");
}

void add_options(GivenOptions& given, const toml::table& table, const std::string& prefix,
                 const std::string& file) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str()),
                      place = ag::message(file, ":", node.source().begin.line, ": ", name);
    if (const auto* inner = node.as_table()) {
      add_options(given, *inner, name + ".", file);
      continue;
    }
    INPUT_CHECK(!is_of_one_call(name), place,
                ": found an option of a single call; expected it on the command line");
    Given& option = given[name];
    option.place = place;
    if (const auto* list = node.as_array()) {
      for (const auto& element : *list) option.values.push_back(toml_text(element, place));
    } else {
      option.values = {toml_text(node, place)};
    }
  }
}

}  // namespace

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
    end = text.find(',', begin);
    parts.push_back(text.substr(begin, end - begin));
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
                did_you_mean(name, known, prefix));
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
  visit_all(sections, [&](const nn::Option& option, nn::Field) { names.push_back(option.name); });
  return names;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& prefix) {
  for (const auto& [other, ours] : kOtherNames) {
    if (other == name && std::ranges::count(known, ours) > 0)
      return ag::message("; did you mean ", prefix, ours, "?");
  }
  const auto of = [&](const std::string& other) { return farness(name, other); };
  const auto nearest = std::ranges::min_element(known, {}, of);
  if (nearest == known.end()) return "";
  const auto [shared, others, letters] = of(*nearest);
  if (shared == 0 && letters > std::max<int64_t>(2, std::ssize(name) / 3)) return "";
  return "; did you mean " + prefix + *nearest + "?";
}

GivenOptions read_config(const nn::Path& file) {
  try {
    GivenOptions given;
    add_options(given, toml::parse(nn::read_file(file, "configuration file"), file.string()), "",
                file.string());
    return given;
  } catch (const toml::parse_error& problem) {
    throw ag::InputError(ag::message(file.string(), ":", problem.source().begin.line, ": ",
                                     std::string(problem.description()),
                                     "; hint: options are written as  groups = 20"));
  }
}

std::string to_toml(const Sections& sections) {
  std::string device, heading;
  visit_all(sections, [&](const nn::Option& option, nn::Field field) {
    if (option.name == "device") device = to_text(field);
  });
  std::string text = header(device == "cuda" && ag::is_available(ag::Device::CUDA));
  for (const Section& section : sections) {
    if (section.heading != heading) text += "\n# --- " + section.heading + "\n";
    heading = section.heading;
    section.visit([&](const nn::Option& option, nn::Field field) {
      if (is_of_one_call(option.name)) return;
      const std::string value = std::visit([](const auto* v) { return toml_value(*v); }, field);
      const char* comment = value == "\"\"" ? "# " : "";  // the reader accepts no empty string
      text += fmt::format("\n# {}\n{}{} = {}\n", option.help, comment, option.name, value);
    });
  }
  return text;
}

}  // namespace p2rec
