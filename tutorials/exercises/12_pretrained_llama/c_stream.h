// 12c Print while the model writes.
//
// A token is some bytes, and may end within a character: the bytes C3 A9 of an e with an accent may be two
// tokens. And a text should end at a stop text, such as the next speaker's name; that may be cut into several
// tokens too, and no part of it may be printed.
//
// push() gets the bytes of the next token, and returns what can be printed now: all that no later token can
// change. So it holds back the beginning of a character, and what could be the beginning of the stop text. At
// the end of the text finish() returns what is still held.
//
// All bytes together are valid UTF-8. A character has one byte if its first byte is below C0, two if it is
// below E0, three if it is below F0, and otherwise four.
//
// Hint 1: A char may be negative: compare static_cast<uint8_t>(bytes[i]).
// Hint 2: beginning_of_stop: try the whole stop text first, then one byte less, and so on.
// Hint 3: In push, first look for the whole stop text in what is held. If it is not there, print the shorter
// of
//         what the two functions allow.
#pragma once

#include <string>

#include "tutorials/exercises/grade.h"

namespace exercise::n12c {

struct Stream {
  std::string stop = "";  // empty: none
  std::string held = "";  // what came and is not printed
  bool stopped = false;   // the stop text has come; nothing is printed any more
};

// The number of bytes at the beginning of `bytes` that are whole characters.
inline size_t whole_characters(const std::string& bytes) {
  throw NotImplemented("the length of the whole characters");
}

// The largest number of bytes at the end of `bytes` that are the beginning of the stop text; 0 without any.
inline size_t beginning_of_stop(const std::string& bytes, const std::string& stop) {
  throw NotImplemented("what could be the beginning of the stop text");
}

inline std::string push(Stream& stream, const std::string& bytes) { throw NotImplemented("one token"); }

inline std::string finish(Stream& stream) { throw NotImplemented("the end of the text"); }

}  // namespace exercise::n12c
