#include "p2rec/run/artifacts.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "nn/io/json.h"
#include "p2rec/task/task.h"

namespace p2rec {
namespace {

// FNV-1a, 64 bits: to notice other content, not to resist an adversary.
class Hash {
 public:
  void bytes(const void* data, size_t count) {
    const auto* p = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < count; ++i) state_ = (state_ ^ p[i]) * 1099511628211ULL;
  }
  void text(const std::string& s) { bytes(s.c_str(), s.size() + 1); }
  void items(Sequence s) {
    const auto count = static_cast<int64_t>(s.size());
    bytes(&count, sizeof count);
    bytes(s.data(), s.size_bytes());
  }
  std::string hex() const { return fmt::format("{:016x}", state_); }

 private:
  uint64_t state_ = 14695981039346656037ULL;
};

// In a file of tab-separated columns a tab or a line break in a title would be a column or a line.
std::string one_field(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

void write_groups(const nn::Path& file, const Interactions& data, const ItemGroups& groups) {
  std::string text = "item_id\tgroup\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i)
    text += fmt::format("{}\t{}\n", data.item_ids[i], groups.group_of[i]);
  nn::write_atomically(file, text);
}

ItemGroups read_groups(const nn::Path& file, const Interactions& data) {
  std::istringstream in(nn::read_file(file, "table of item groups"));
  std::string line;
  std::getline(in, line);
  INPUT_CHECK(line == "item_id\tgroup", file.string(), ": the first line is '", line,
              "', expected 'item_id<tab>group'");
  ItemGroups groups;
  for (const std::string& id : data.item_ids) {
    std::string found, group;
    std::getline(in, line);
    std::istringstream fields(line);
    std::getline(fields, found, '\t');
    std::getline(fields, group);
    const bool number =
        !group.empty() && group.size() < 9 && group.find_first_not_of("0123456789") == std::string::npos;
    INPUT_CHECK(found == id && number, file.string(), ": found '", line, "' where item ", id,
                " and its group were expected; hint: the file ", "belongs to other data, or was changed");
    groups.group_of.push_back(std::stoi(group));
    groups.groups = std::max(groups.groups, groups.group_of.back() + 1);
    INPUT_CHECK(groups.groups <= data.items(), file.string(), ": item ", id, " is in group ", group,
                ", but of ", data.items(), " items there are at most as many groups, counted from 0");
  }
  INPUT_CHECK(!std::getline(in, line), file.string(), ": found '", line, "' behind the last item's line",
              "; hint: the file belongs to other data, or was changed");
  return groups;
}

void write_preferences(const nn::Path& file, const Interactions& data, const ag::Tensor& preferences) {
  const int64_t K = preferences.dim(1);
  std::string text = "user_id";
  for (int64_t k = 0; k < K; ++k) text += fmt::format("\tgroup_{}", k);
  for (int64_t u = 0; u < preferences.dim(0); ++u) {
    text += "\n" + data.user_ids[static_cast<size_t>(u)];
    for (int64_t k = 0; k < K; ++k) text += fmt::format("\t{:.9g}", preferences.data()[u * K + k]);
  }
  nn::write_atomically(file, text + "\n");
}

void write_items(const nn::Path& file, const Interactions& data) {
  std::string text = "row\titem_id\ttitle\n";
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    text += fmt::format("{}\t{}\t{}\n", i, data.item_ids[i],
                        data.titles.empty() ? "" : one_field(data.titles[i]));
  }
  nn::write_atomically(file, text);
}

void write_npy(const nn::Path& file, const ag::Tensor& matrix) {
  std::string header = fmt::format("{{'descr': '<f{}', 'fortran_order': False, 'shape': ({}, {}), }}",
                                   sizeof(ag::real), matrix.dim(0), matrix.dim(1));
  constexpr size_t kPreamble = 10;  // magic, version and the header's length
  header.append(63 - (kPreamble + header.size()) % 64, ' ');
  header += '\n';
  nn::write_atomically(file, [&](std::ostream& out) {
    const auto length = static_cast<uint16_t>(header.size());
    out.write("\x93NUMPY\x01\x00", 8);
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header;
    out.write(reinterpret_cast<const char*>(matrix.data()),
              matrix.numel() * static_cast<int64_t>(sizeof(ag::real)));
  });
}

Manifest::Manifest(const nn::Path& folder) : path_(folder / "manifest.json") {
  if (!std::filesystem::exists(path_)) return;
  try {
    stages_ = nn::parse_json<nn::Json>(nn::read_file(path_, "manifest"), path_.string())
                  .get<std::map<std::string, std::string>>();
  } catch (const nn::Json::exception& problem) {
    throw ag::InputError(ag::message(path_.string(), ": not a manifest of this program: ", problem.what()));
  }
}

void Manifest::check_fits(const std::string& stage, const std::string& fingerprint) const {
  const std::string difference = first_difference(fingerprint_of(stage), fingerprint);
  INPUT_CHECK(difference.empty(), path_.parent_path().string(), ": the stage '", stage, "' was run with ",
              difference, "; hint: give the same options, another --out, or --overwrite");
}

const std::string& Manifest::fingerprint_of(const std::string& stage) const {
  INPUT_CHECK(done(stage), path_.parent_path().string(), ": the stage '", stage,
              "' has not been run here; hint: p2rec ", stage);
  return stages_.at(stage);
}

void Manifest::enter(const std::string& stage, const std::string& fingerprint) {
  stages_[stage] = fingerprint;
  write();
}

void Manifest::remove(const std::string& stage) {
  if (stages_.erase(stage)) write();
}

void Manifest::write() const { nn::write_atomically(path_, nn::json_text(nn::Json(stages_), 1) + "\n"); }

DataHashes hashes_of(const Interactions& data) {
  Hash training, validated, tested;
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    training.text(data.item_ids[i]);
    if (!data.titles.empty()) training.text(data.titles[i]);
  }
  for (int64_t u = 0; u < data.users(); ++u) {
    training.text(data.user_ids[static_cast<size_t>(u)]);
    training.items(training_part(data, u));
    if (!has_targets(data, u)) continue;
    const int32_t targets[] = {target_item(data, u, Target::Validation), target_item(data, u, Target::Test)};
    validated.items({targets, 1});
    tested.items({targets + 1, 1});
  }
  return {training.hex(), validated.hex(), tested.hex()};
}

std::string data_fingerprint(const DataHashes& data, bool validation, bool test) {
  std::string text = "data.training=" + data.training + "\n";
  if (validation) text += "data.validation=" + data.validation + "\n";
  if (test) text += "data.test=" + data.test + "\n";
  return text;
}

std::string file_hash(const nn::Path& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  INPUT_CHECK(in, file.string(), ": cannot be opened: ", std::strerror(errno));
  Hash hash;
  std::string block(1 << 20, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    hash.bytes(block.data(), static_cast<size_t>(in.gcount()));
  }
  return hash.hex();
}

std::string language_model_hash(const nn::Path& path) {
  std::error_code unknown;
  INPUT_CHECK(std::filesystem::exists(path, unknown) || unknown, path.string(),
              ": there is no such language model; expected a GGUF file, a Hugging Face folder, or 'tiny'");
  if (!std::filesystem::is_directory(path, unknown)) return file_hash(path);
  std::map<std::string, nn::Path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const nn::Path extension = entry.path().extension();
    if (extension == ".json" || extension == ".safetensors") files[entry.path().filename()] = entry.path();
  }
  Hash hash;
  for (const auto& [name, file] : files) hash.text(name + "=" + file_hash(file));
  return hash.hex();
}

}  // namespace p2rec
