#include "nn/io/file_owner.h"

#include "autograd/communicator.h"

namespace nn {

bool owns_files() { return ag::Communicator::world().is_first(); }

void change_files(const std::function<void()>& change) {
  const ag::Communicator& ranks = ag::Communicator::world();
  ranks.barrier();
  if (ranks.is_first()) change();
  ranks.barrier();
}

void remove_file(const Path& path) {
  change_files([&] { std::filesystem::remove(path); });
}

}  // namespace nn
