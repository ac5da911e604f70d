#include "p2rec/methods/self_guide/genres.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "autograd/rng.h"
#include "p2rec/data/table.h"

namespace p2rec {
namespace {

struct Genre {
  const char* name;
  std::array<const char*, 8> words;
};
const std::array kGenres = {
    Genre{"Comedy", {"Clown", "Joke", "Prank", "Wedding", "Roommate", "Party", "Fool", "Mix-Up"}},
    Genre{"Crime", {"Heist", "Gangster", "Alibi", "Detective", "Robbery", "Verdict", "Thief", "Ransom"}},
    Genre{"Horror", {"Grave", "Vampire", "Haunting", "Curse", "Scream", "Ghoul", "Crypt", "Nightmare"}},
    Genre{"War", {"Battalion", "Trench", "Sniper", "General", "Siege", "Regiment", "Armistice", "Convoy"}},
    Genre{"Western", {"Sheriff", "Saloon", "Outlaw", "Cowboy", "Stagecoach", "Rancher", "Canyon", "Posse"}},
};
const std::array kBefore = {"The Last", "The First", "A Quiet",  "Her",
                            "My",       "The Old",   "The Lost", "One More"};
const std::array kAfter = {"",        " of Paris", " Returns",     " at Noon",
                           " and Me", " II",       " in the Rain", " by Night"};

template <class List>
auto drawn(const List& list, const ag::RandomKey& key, uint64_t place) {
  return list[ag::random_below(key, place, static_cast<uint32_t>(list.size()))];
}

// The only column whose name holds one of the words.
size_t column_with(const Table& table, const TextFile& file, const std::vector<std::string>& words) {
  for (size_t c = 0; c < table.columns().size(); ++c) {
    for (const std::string& word : words) {
      if (table.columns()[c].name.find(word) != std::string::npos) return c;
    }
  }
  throw ag::InputError(fmt::format("{}: no column has {} in its name; expected a table of titles and genres",
                                   file.name(), fmt::join(words, " or ")));
}

}  // namespace

std::vector<TextPair> synthetic_films(int64_t count, uint64_t seed) {
  std::vector<TextPair> films;
  std::set<std::string> titles;
  for (uint32_t i = 0; std::ssize(films) < count; ++i) {
    const ag::RandomKey key{seed, i, ag::stream("synthetic films")};
    const Genre& genre = kGenres[i % kGenres.size()];
    const std::string title =
        fmt::format("{} {}{}", drawn(kBefore, key, 0), drawn(genre.words, key, 1), drawn(kAfter, key, 2));
    if (titles.insert(title).second) films.push_back({title, genre.name});
  }
  return films;
}

std::vector<TextPair> read_films(const nn::Path& path) {
  const TextFile file(path, "file of films");
  const std::string_view first = file.lines().front().text;
  const auto header = layout_by_header(first, {});
  const Table table(file, header ? *header : layout_without_header(first));
  INPUT_CHECK(header || (table.layout().separator == "::" && table.columns().size() == 3), file.name(),
              ": expected a header with titles and genres, or lines item::title::genres");
  const size_t title = header ? column_with(table, file, {"title"}) : 1,
               genre = header ? column_with(table, file, {"genre", "class"}) : 2;
  std::vector<TextPair> films;
  std::set<std::string> titles;
  table.each_row([&](const Table::Row& row) {
    TextPair film{std::string(row[title]), std::string(row[genre])};
    if (film.output.empty() || film.output.find_first_of(" |") != film.output.npos) return;
    if (titles.insert(film.input).second) films.push_back(std::move(film));
  });
  INPUT_CHECK(!films.empty(), file.name(), ": no film has exactly one genre");
  return films;
}

InstructionTask genre_task(const std::vector<TextPair>& films) {
  std::set<std::string> genres;
  for (const TextPair& film : films) genres.insert(film.output);
  InstructionTask task{.labels = {genres.begin(), genres.end()}, .is_right = same_text};
  task.instruction = fmt::format("Name the genre of the film: {}.", fmt::join(task.labels, ", "));
  task.longest_output = *std::ranges::max_element(task.labels, {}, &std::string::size);
  return task;
}

}  // namespace p2rec
