#include "tests/parity.h"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace testing {
namespace {

// The lines of the file, in the order of each part's first comparison.
class Notes {
 public:
  void add(const std::string& key, double error, double share) {
    const auto [place, is_new] = worst_.try_emplace(key);
    if (is_new) order_.push_back(key);
    place->second.error = std::max(place->second.error, error);
    place->second.share = std::max(place->second.share, share);
  }
  ~Notes() {
    const char* path = std::getenv("P2REC_PARITY");
    if (!path || order_.empty()) return;
    std::ofstream out(path, std::ios::app);
    for (const std::string& key : order_)
      out << fmt::format("{}\t{:.1e}\t{:.1e}\n", key, worst_.at(key).error, worst_.at(key).share);
  }

 private:
  struct Worst {
    double error = 0, share = 0;
  };
  std::map<std::string, Worst> worst_;
  std::vector<std::string> order_;
};

Notes& notes() {
  static Notes notes;
  return notes;
}

std::string packages_of(const nn::TensorFile& fixture) {
  const auto versions = nlohmann::json::parse(fixture.metadata.at("versions"));
  std::string text;
  for (const auto& [package, version] : versions.items())
    text += (text.empty() ? "" : ", ") + package + " " + version.get<std::string>();
  return text;
}

double largest_error(const ag::Tensor& tensor_found, const ag::Tensor& expected) {
  const ag::Tensor found = tensor_found.to(ag::Device::CPU);
  if (found.shape() != expected.shape()) return INFINITY;
  double error = 0, largest = 0;
  for (int64_t i = 0; i < expected.numel(); ++i) {
    error = std::max(error, std::abs(double(found.data()[i]) - double(expected.data()[i])));
    largest = std::max(largest, std::abs(double(expected.data()[i])));
  }
  return largest > 0 ? error / largest : error;
}

}  // namespace

Parity::Parity(std::string component, const nn::TensorFile& fixture)
    : component_(std::move(component)), packages_(packages_of(fixture)) {}

void Parity::check(const std::string& part, const ag::Tensor& found, const ag::Tensor& expected,
                   Tolerance allowed, const std::string& name) const {
  check_close(found, expected, allowed, name);
  note(part, fmt::format("{:g} + {:g}", allowed.relative, allowed.absolute), largest_error(found, expected),
       share_of_tolerance(found, expected, allowed));
}

void Parity::check(const std::string& part, const ag::Tensor& found, const ag::Tensor& expected,
                   Tolerance allowed) const {
  check(part, found, expected, allowed, component_ + ": " + part);
}

void Parity::check_error(const std::string& part, double error, double allowed,
                         const std::string& unit) const {
  INFO(component_, ": ", part, ": differs by ", error, " ", unit, "; allowed ", allowed);
  CHECK(error <= allowed);
  note(part, fmt::format("{:g} {}", allowed, unit), error, error / allowed);
}

void Parity::note(const std::string& part, const std::string& allowed, double error, double share) const {
  const std::string precision = tolerance::kF64 ? "f64" : "f32";
  notes().add(component_ + "\t" + part + "\t" + packages_ + "\t" + precision + "\t" + allowed, error, share);
}

}  // namespace testing
