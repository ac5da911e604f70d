// RecBole's three files for training, validation and test, with a line "===" between them.
#include "p2rec/data/load_data.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(given_split) {
  static const std::string kMark = "===\n";
  std::string_view text = bytes;
  nn::Path file;
  for (const char* part : {"train", "valid", "test"}) {
    const size_t end = std::min(text.find(kMark), text.size());
    file = fuzz::file("split/x." + std::string(part) + ".inter", text.substr(0, end));
    text.remove_prefix(std::min(end + kMark.size(), text.size()));
  }
  const p2rec::Interactions data = p2rec::load_data(file.string());
  for (int64_t user = 0; user < data.users(); ++user) {
    for (const auto target : {p2rec::Target::Validation, p2rec::Target::Test}) {
      if (has_target(data, user, target))
        FUZZ_CHECK(!target_history(data, user, target).empty() && target_item(data, user, target) >= 0);
    }
  }
}
