// Tables with column names: the first line has the names of the columns of users, items, times, ratings and
// labels; the rest is the file. Filters and the temporal split use what was read.
#include "p2rec/data/load_data.h"
#include "p2rec/data/text_file.h"
#include "tests/fuzz/target.h"

FUZZ_TARGET(table) {
  const std::string_view text = bytes;
  const size_t end = std::min(text.find('\n'), text.size());
  std::vector<std::string_view> names;
  p2rec::split_at_blanks(text.substr(0, end), names);
  names.resize(5);
  p2rec::DataConfig config{.name = fuzz::file("x.csv", text.substr(std::min(end + 1, text.size()))).string(),
                           .user_column = std::string(names[0]),
                           .item_column = std::string(names[1]),
                           .time_column = std::string(names[2]),
                           .rating_column = std::string(names[3]),
                           .label_column = std::string(names[4])};
  const auto read = [](const p2rec::DataConfig& c) {
    const p2rec::Interactions data = p2rec::load_data(c);
    FUZZ_CHECK(data.users() > 0 && data.items() > 0);
    p2rec::hashes_of(hide_targets(data, p2rec::Sees::Validation));
    p2rec::stats_text(data);
  };
  const p2rec::DataConfig as_it_is = config;
  config.split = p2rec::SplitRule::Temporal;
  fuzz::attempt([&] { read(config); });
  config.min_rating = config.min_label = 0.5;
  config.k_core = 2;
  fuzz::attempt([&] { read(config); });
  read(as_it_is);
}
