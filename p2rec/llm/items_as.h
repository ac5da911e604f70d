// How a prompt writes an item.
#pragma once

#include <cstdint>
#include <string>

namespace p2rec {

enum class ItemsAs : uint8_t {
  Tokens,        // one new trainable token per item
  Ids,           // the digits of its id
  Titles,        // its title, or the id where there is none
  IdsAndTitles,  // both
};

ItemsAs items_as_from(
    const std::string& name);  // "tokens", "ids", "titles", "ids+titles"; else ag::InputError

}  // namespace p2rec
