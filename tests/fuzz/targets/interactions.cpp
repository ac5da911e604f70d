// Interaction files: atomic, pairs, lines of users. After a line "=== items" comes the .item file.
#include "p2rec/data/interactions.h"

#include "p2rec/data/load_data.h"
#include "tests/fuzz/target.h"

namespace {

void check(const p2rec::Interactions& data) {
  FUZZ_CHECK(data.users() > 0 && data.items() > 0);
  FUZZ_CHECK(data.user_ids.size() == data.sequences.size());
  FUZZ_CHECK(data.titles.empty() || data.titles.size() == data.item_ids.size());
  for (const auto& sequence : data.sequences) {
    FUZZ_CHECK(!sequence.empty());
    for (const int32_t item : sequence) FUZZ_CHECK(item >= 0 && item < data.items());
  }
  p2rec::stats_text(data);
}

}  // namespace

FUZZ_TARGET(interactions) {
  static const std::string kMark = "=== items\n";
  const size_t mark = bytes.find(kMark);
  const std::string_view text = bytes;
  // The data set is read as a file and as a folder; in a folder, only the content shows what a file is.
  const nn::Path file = fuzz::file("set/x.inter", text.substr(0, mark));
  std::filesystem::remove(fuzz::folder() / "set/x.item");
  if (mark != std::string::npos) fuzz::file("set/x.item", text.substr(mark + kMark.size()));
  fuzz::attempt([&] { check(p2rec::load_data(fuzz::folder() / "set")); });
  check(p2rec::load_data(file));
}
