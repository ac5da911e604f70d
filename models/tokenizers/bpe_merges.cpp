#include "models/tokenizers/bpe_merges.h"

#include "nn/io/text.h"

namespace models {

MergeTable::MergeTable(const std::vector<std::pair<std::string, std::string>>& merges, const TokenIds& ids,
                       const std::string& file) {
  INPUT_CHECK(merges.size() <= size_t{std::numeric_limits<int32_t>::max()}, file, ": has ", merges.size(),
              " merges");
  merges_.reserve(merges.size());
  int32_t rank = 0;
  for (const auto& merge : merges) {
    const auto id_of = [&](const std::string& token) {
      const auto found = ids.find(token);
      INPUT_CHECK(found != ids.end(), file, ": merge ", rank, " is ",
                  nn::quote(merge.first + " " + merge.second), ", but there is no token ", nn::quote(token));
      return found->second;
    };
    const int32_t left = id_of(merge.first), right = id_of(merge.second);
    merges_.insert_or_assign(key(left, right), BpeMerge{rank, id_of(merge.first + merge.second)});
    ++rank;
  }
}

std::pair<std::string, std::string> split_merge(const std::string& merge, size_t rank,
                                                const std::string& file) {
  const size_t space = merge.find(' ');
  INPUT_CHECK(space != std::string::npos && space > 0 && space + 1 < merge.size() &&
                  merge.find(' ', space + 1) == std::string::npos,
              file, ": merge ", rank, " is ", nn::quote(merge),
              "; expected two tokens with a space between them");
  return {merge.substr(0, space), merge.substr(space + 1)};
}

}  // namespace models
