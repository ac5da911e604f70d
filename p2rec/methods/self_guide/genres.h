// The task of SELF-GUIDE here: the genre of a film, from its title.
#pragma once

#include <string>
#include <vector>

#include "nn/io/files.h"
#include "p2rec/llm/instruction.h"

namespace p2rec {

// Different films (title, genre) from a grammar of five genres, in which one word of the title tells the
// genre. The grammar has 2560 films.
std::vector<TextPair> synthetic_films(int64_t count, uint64_t seed);

// The films of a file that have exactly one genre, each title once: a table with a header (data/table.h) and
// a column whose name holds "title" and one whose name holds "genre" or "class" (MovieLens' movies.csv,
// RecBole's .item files), or MovieLens' movies.dat, item::title::genres. Genres are separated by blanks or |.
// Throws ag::InputError for another file.
std::vector<TextPair> read_films(const nn::Path& file);

// The labels are the films' genres in alphabetic order.
InstructionTask genre_task(const std::vector<TextPair>& films);

}  // namespace p2rec
