#include "nn/io/file_owner.h"

#include "autograd/communicator.h"

namespace nn {

bool owns_files() { return ag::Communicator::world().is_first(); }

void remove_file(const Path& path) {
  if (owns_files()) std::filesystem::remove(path);
}

}  // namespace nn
