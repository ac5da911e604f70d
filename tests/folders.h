// Copies of fixture folders, in which a test changes one thing.
#pragma once

#include <nlohmann/json.hpp>

#include "nn/io/files.h"
#include "tests/paths.h"
#include "tests/testing.h"

namespace testing {

inline nn::Path family_path(const std::string& name) { return fixtures() + "/families/" + name; }

class FolderCopy {
 public:
  explicit FolderCopy(const nn::Path& original) {
    std::filesystem::copy(original, path(), std::filesystem::copy_options::recursive);
  }
  nn::Path path() const { return folder_ / "copy"; }
  nn::Path operator/(const std::string& name) const { return path() / name; }

  std::string read(const std::string& name) const { return nn::read_file(*this / name, "copy"); }
  void write(const std::string& name, const std::string& content) const {
    nn::write_atomically(*this / name, content);
  }
  void remove(const std::string& name) const { std::filesystem::remove(*this / name); }

  // Calls change(json) on a JSON file of the folder.
  template <class Change>
  void edit(const std::string& name, const Change& change) const {
    auto json = nlohmann::json::parse(read(name));
    change(json);
    write(name, json.dump());
  }
  // Calls change(tensors) on the tensors of a safetensors file.
  template <class Change>
  void edit_tensors(const std::string& name, const Change& change) const {
    nn::TensorFile file = nn::read_safetensors(*this / name);
    change(file.tensors);
    nn::write_safetensors(*this / name, file.tensors, file.metadata);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace testing
