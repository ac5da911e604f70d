#include "p2rec/run/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "autograd/check.h"
#include "autograd/device.h"
#include "autograd/gemm.h"
#include "autograd/parallel.h"
#include "p2rec/run/toml.h"

namespace p2rec {
namespace {

const char* const kHint = "; hint: p2rec run --help";

// --- values to text and back -------------------------------------------------------------------------------

std::string to_text(const std::string& value) { return value; }
std::string to_text(bool value) { return value ? "true" : "false"; }
template <class Number>
std::string to_text(Number value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

template <class T>
std::string to_text(const std::vector<T>& values) {
  std::string result;
  for (const T& value : values) result += (result.empty() ? "" : ",") + to_text(value);
  return result;
}

template <class T>
std::string to_toml_value(const T& value) {
  return to_text(value);
}
std::string to_toml_value(const std::string& value) { return toml_string(value); }
std::string to_toml_value(double value) {
  // TOML's floats have a point or an exponent.
  const std::string text = to_text(value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}
template <class T>
std::string to_toml_value(const std::vector<T>& values) {
  std::string result;
  for (const T& value : values) result += (result.empty() ? "" : ", ") + to_toml_value(value);
  return "[" + result + "]";
}

std::string join(const std::vector<std::string>& texts, const std::string& separator) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : separator) + text;
  return result;
}

// "at least 2", "1 to 1000", "at least 0 and below 1"; empty where there is no bound worth telling.
std::string describe(const Range& range) {
  std::vector<std::string> bounds;
  const bool closed = !range.above_low && !range.below_high;
  if (closed && range.low > -INFINITY && range.high < kLargestSize)
    return to_text(range.low) + " to " + to_text(range.high);
  if (range.low > -INFINITY)
    bounds.push_back((range.above_low ? "above " : "at least ") + to_text(range.low));
  if (range.high < kLargestSize)
    bounds.push_back((range.below_high ? "below " : "at most ") + to_text(range.high));
  return join(bounds, " and ");
}

// Where a value was found, for messages: "--groups", "my.toml:12: groups".
struct Place {
  std::string text;
  [[noreturn]] void wrong(const std::string& found, const std::string& expected) const {
    throw ag::InputError(text + ": found " + found + "; expected " + expected + kHint);
  }
};

std::string quoted(const std::string& text) { return text.empty() ? "nothing" : "'" + text + "'"; }

void parse(const OptionInfo& info, const std::string& text, const Place& place, std::string& value) {
  const auto& choices = info.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end()) {
    place.wrong(quoted(text), "one of " + join(choices, ", "));
  }
  if (text.empty()) place.wrong("nothing", "a text");
  // "--out --quiet": the value has been forgotten.
  if (text.starts_with("--")) place.wrong(quoted(text), "a value, not another option");
  value = text;
}

void parse(const OptionInfo&, const std::string& text, const Place& place, bool& value) {
  if (text != "true" && text != "false") place.wrong(quoted(text), "true or false");
  value = text == "true";
}

template <class Number>
void parse(const OptionInfo& info, const std::string& text, const Place& place, Number& value) {
  const std::string what = std::is_integral_v<Number> ? "a whole number" : "a number";
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  // A number too large for its type is out of the option's range as well.
  if (end != text.data() + text.size() || error != std::errc() ||
      !info.range.holds(static_cast<double>(parsed))) {
    place.wrong(quoted(text), what + ", " + describe(info.range));
  }
  value = parsed;
}

template <class T>
void parse_all(const OptionInfo& info, const std::vector<std::string>& found, const Place& place, T& value) {
  if (found.size() != 1) place.wrong("a list of " + std::to_string(found.size()), "one value");
  parse(info, found[0], place, value);
}

template <class T>
void parse_all(const OptionInfo& info, const std::vector<std::string>& found, const Place& place,
               std::vector<T>& value) {
  if (found.empty()) place.wrong("an empty list", "at least one value");
  std::vector<T> parsed(found.size());
  for (size_t i = 0; i < found.size(); ++i) parse(info, found[i], place, parsed[i]);
  value = parsed;
}

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

template <class T>
constexpr bool is_list = false;
template <class T>
constexpr bool is_list<std::vector<T>> = true;

// Calls visit(info, field) for the option of this name; false if there is none.
template <class AnyOptions, class Visitor>
bool with_option(AnyOptions& options, const std::string& name, Visitor&& visit) {
  bool found = false;
  for_each_option(options, [&](const OptionInfo& info, auto& field) {
    if (name != info.name) return;
    found = true;
    visit(info, field);
  });
  return found;
}

// An option that only `needed` gives a meaning may not have another value than its default without it.
template <class T>
void check_means_something(const std::string& option, const T& found, const T& by_default, bool has_meaning,
                           const std::string& needed) {
  INPUT_CHECK(has_meaning || found == by_default, option, ": found ", to_text(found),
              ", which means nothing without ", needed, kHint);
}

void check_recommender(const Options& o) {
  const Options standard;
  std::vector<std::string> variants = {"default"};
  models::default_recommender_config(o.model)->describe([&](const nn::Option& option, const nn::Field&) {
    if (option.name == "variant") std::ranges::copy(option.choices, std::back_inserter(variants));
  });
  INPUT_CHECK(std::ranges::count(variants, o.variant), "--variant: found '", o.variant, "'; expected one of ",
              join(variants, ", "), " for --model ", o.model, kHint);
  INPUT_CHECK(o.hidden % o.heads == 0, "--heads: found ", o.heads, "; expected a divisor of --hidden, ",
              o.hidden, kHint);
  INPUT_CHECK(o.model != "bert4rec" || o.max_length >= 2, "--max-length: found ", o.max_length,
              "; expected at least 2 for bert4rec, which reads a mask behind the items", kHint);
  const auto check = [](const std::string& option, const auto& found, const auto& by_default,
                        bool has_meaning, const std::string& needed) {
    check_means_something(option, found, by_default, has_meaning, needed);
  };
  check("--gru-hidden", o.gru_hidden, standard.gru_hidden, o.model == "gru4rec", "--model gru4rec");
  check("--mask-ratio", o.mask_ratio, standard.mask_ratio, o.model == "bert4rec", "--model bert4rec");
  check("--negatives", o.negatives, standard.negatives, o.loss != "ce", "a loss that samples: --loss bce");
  check("--share-negatives", o.share_negatives, false, o.loss != "ce", "a loss that samples: --loss bce");
  check("--gbce-t", o.gbce_t, standard.gbce_t, o.loss == "gbce", "--loss gbce");
  check("--start-std", o.start_std, standard.start_std, o.use == "start", "--use start");
  check("--lazy-adam", o.lazy_adam, false, o.loss != "ce", "a loss that samples: --loss bce");
  check("--lazy-adam", o.lazy_adam, false, o.model != "bert4rec", "--model sasrec or gru4rec");
  check("--lazy-adam", o.lazy_adam, false, o.use == "start", "a trainable item table: --use start");
  check("--lazy-adam", o.lazy_adam, false, !o.own_output, "one item table, read and compared with alike");
  check("--own-output", o.own_output, false, o.model != "bert4rec", "--model sasrec or gru4rec");
  INPUT_CHECK(o.use != "concat" || o.hidden >= 2, "--hidden: found ", o.hidden,
              "; expected at least 2 for --use concat", kHint);
}

template <class T>
void check_distinct(const std::string& option, const std::vector<T>& values) {
  INPUT_CHECK(std::set<T>(values.begin(), values.end()).size() == values.size(), option, ": found '",
              to_text(values), "'; expected each value once", kHint);
}

// What stands for an option's value in the help.
std::string placeholder(const OptionInfo&, const bool&) { return ""; }
std::string placeholder(const OptionInfo& info, const std::string&) {
  return info.choices.empty() ? "PATH" : join(info.choices, "|");
}
template <class Number>
std::string placeholder(const OptionInfo&, const Number&) {
  return std::is_integral_v<Number> ? "N" : "X";
}
template <class T>
std::string placeholder(const OptionInfo& info, const std::vector<T>&) {
  return info.choices.empty() ? "N,N,..." : "NAME,NAME,...";
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

const char* name_of(Stage stage) {
  switch (stage) {
    case Stage::Pretrain:
      return "pretrain";
    case Stage::Groups:
      return "groups";
    case Stage::Reconstruct:
      return "reconstruct";
    case Stage::Augment:
      return "augment";
    case Stage::Train:
      return "train";
    case Stage::Evaluate:
      return "evaluate";
  }
  throw ag::Error("no such stage");
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  const Options options;
  for_each_option(options, [&](const OptionInfo& info, const auto&) { names.emplace_back(info.name); });
  return names;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& prefix) {
  const auto distance = [&](const std::string& other) { return edit_distance(name, other); };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  if (nearest == known.end() || distance(*nearest) > (name.size() + 1) / 2) return "";
  return "; did you mean " + prefix + *nearest + "?";
}

void set_option(Options& options, const std::string& name, const std::string& text) {
  const bool known = with_option(options, name, [&](const OptionInfo& info, auto& field) {
    const bool list = is_list<std::remove_reference_t<decltype(field)>>;
    parse_all(info, list ? split_at_commas(text) : std::vector{text}, Place{"--" + name}, field);
  });
  INPUT_CHECK(known, "--", name, ": there is no such option", did_you_mean(name, option_names(), "--"),
              kHint);
}

void read_config(Options& options, const nn::Path& file) {
  std::set<std::string> seen;
  for (const TomlEntry& entry : parse_toml(nn::read_file(file, "configuration file"), file.string())) {
    const Place place{ag::message(file.string(), ":", entry.line, ": ", entry.name)};
    INPUT_CHECK(seen.insert(entry.name).second, place.text,
                ": found a second time; expected each option once");
    const bool known = with_option(options, entry.name, [&](const OptionInfo& info, auto& field) {
      if (info.of_the_call) place.wrong("an option of the single call", "it on the command line");
      parse_all(info, entry.values, place, field);
    });
    INPUT_CHECK(known, place.text, ": there is no such option", did_you_mean(entry.name, option_names()),
                kHint);
  }
}

void check_options(const Options& options) {
  check_distinct("--seeds", options.seeds);
  check_distinct("--starts", options.starts);
  check_distinct("--cutoffs", options.cutoffs);
  INPUT_CHECK(std::find(options.cutoffs.begin(), options.cutoffs.end(), 10) != options.cutoffs.end(),
              "--cutoffs: found '", to_text(options.cutoffs),
              "'; expected 10 among them, which the printed table and the report show", kHint);
  check_recommender(options);
  INPUT_CHECK(!(options.resume && options.overwrite),
              "--resume: found together with --overwrite; expected one of them", kHint);
}

std::vector<OptionHelp> option_help() {
  std::vector<OptionHelp> all;
  const Options defaults;
  for_each_option(defaults, [&](const OptionInfo& info, const auto& field) {
    OptionHelp help{info.name, info.group, placeholder(info, field), info.help};
    using Field = std::remove_cvref_t<decltype(field)>;
    std::vector<std::string> notes;
    if constexpr (std::is_same_v<Field, bool>) {
      help.can_be_off = field;
    } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
      notes = {"any of " + join(info.choices, ", "),
               "default " + (field == info.choices ? "all" : to_text(field))};
    } else {
      if (const std::string bounds = describe(info.range); !bounds.empty()) notes.push_back(bounds);
      if (const std::string value = to_text(field); !value.empty()) notes.push_back("default " + value);
    }
    if (!notes.empty()) help.text += " (" + join(notes, "; ") + ")";
    all.push_back(help);
  });
  return all;
}

std::string option_text(const Options& options, const std::string& name) {
  std::string text;
  const bool known =
      with_option(options, name, [&](const OptionInfo&, const auto& field) { text = to_text(field); });
  AG_CHECK(known, "there is no option named ", name);
  return text;
}

std::string to_toml(const Options& options) {
  std::ostringstream out;
  out << "# Options of a run of p2rec; p2rec run --config FILE reads them again.\n#\n"
      << "# p2rec " << P2REC_VERSION << "\n# matrix products: " << ag::gemm_backend_name()
      << "\n# threads in force: " << ag::thread_count();
  if (options.device == "cuda" && ag::is_available(ag::Device::CUDA))
    out << "\n# device: " << ag::description_of(ag::Device::CUDA);
  out << "\n# compiler: "
#ifndef __clang__
      << "gcc "
#endif
      << __VERSION__ << "\n";
  std::string group;
  for_each_option(options, [&](const OptionInfo& info, const auto& field) {
    if (info.of_the_call) return;
    if (group != info.group) out << "\n# --- " << info.group << "\n";
    group = info.group;
    // An option without a value, as --out has before it is given, is left out: the reader takes no empty text.
    const std::string value = to_toml_value(field);
    out << "\n# " << info.help << "\n"
        << (value == "\"\"" ? "# " : "") << info.name << " = " << value << "\n";
  });
  return out.str();
}

Options teacher_options(const Options& options) {
  Options teacher = options;
  if (options.model != "sasrec") teacher.variant = "default";
  teacher.model = "sasrec";
  teacher.use = "start";
  teacher.seeds = {options.seeds.at(0)};
  return teacher;
}

std::string fingerprint(const Options& options, Stage stage) {
  const Options seen = stage < Stage::Train ? teacher_options(options) : options;
  std::string result;
  for_each_option(seen, [&](const OptionInfo& info, const auto& field) {
    if (!info.stage || *info.stage > stage) return;
    if (&field == static_cast<const void*>(&seen.seeds) && stage < Stage::Train) {
      result += "seed=" + to_text(seen.seeds.at(0)) + "\n";
    } else {
      result += info.name + ("=" + to_text(field)) + "\n";
    }
  });
  return result;
}

}  // namespace p2rec
