#include "p2rec/run/config_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

#include "autograd/device.h"
#include "autograd/gemm.h"
#include "autograd/parallel.h"

namespace p2rec {
namespace {

bool of_the_call(const std::string& name) { return name == "resume" || name == "overwrite"; }

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += std::string("\\") + c;
    } else if (code < 0x20 || code == 0x7F) {
      result += fmt::format("\\u{:04X}", code);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

template <class T>
std::string toml_value(const T& value) {
  T copy = value;
  return to_text(&copy);
}
std::string toml_value(const std::string& value) { return toml_string(value); }
std::string toml_value(double value) {
  // TOML's floats have a point or an exponent.
  const std::string text = to_text(&value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}
template <class T>
std::string toml_value(const std::vector<T>& values) {
  std::string result;
  for (const T& value : values) result += (result.empty() ? "" : ", ") + toml_value(value);
  return "[" + result + "]";
}

std::string header(bool on_cuda) {
  std::ostringstream out;
  out << "# Options of a run of p2rec; p2rec run --config FILE reads them again.\n#\n"
      << "# p2rec " << P2REC_VERSION << "\n# matrix products: " << ag::gemm_backend_name()
      << "\n# threads in force: " << ag::thread_count();
  if (on_cuda) out << "\n# device: " << ag::description_of(ag::Device::CUDA);
  out << "\n# compiler: "
#ifndef __clang__
      << "gcc "
#endif
      << __VERSION__ << "\n";
  return out.str();
}

// The text of a value that an option may have.
std::string text_of(const toml::node& node, const std::string& place) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_floating_point()) {
    double number = value->get();
    return to_text(&number);
  }
  throw ag::InputError(place + ": expected a string, a number, true or false, or a list of those");
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
    INPUT_CHECK(!of_the_call(name), place,
                ": found an option of the single call; expected it on the command line");
    Given& option = given[name];
    option.place = place;
    if (const auto* list = node.as_array()) {
      for (const auto& element : *list) option.values.push_back(text_of(element, place));
    } else {
      option.values = {text_of(node, place)};
    }
  }
}

}  // namespace

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
  for (const Section& section : sections) {
    section.visit([&](const nn::Option& option, nn::Field field) {
      if (option.name == "device") device = to_text(field);
    });
  }
  std::string text = header(device == "cuda" && ag::is_available(ag::Device::CUDA));
  for (const Section& section : sections) {
    if (section.heading != heading) text += "\n# --- " + section.heading + "\n";
    heading = section.heading;
    section.visit([&](const nn::Option& option, nn::Field field) {
      if (of_the_call(option.name)) return;
      const std::string value = std::visit([](const auto* v) { return toml_value(*v); }, field);
      // An option without a value is left out: the reader takes no empty string.
      text +=
          fmt::format("\n# {}\n{}{} = {}\n", option.help, value == "\"\"" ? "# " : "", option.name, value);
    });
  }
  return text;
}

}  // namespace p2rec
