// The caching allocator, and tensors as handles to its blocks.
#include "autograd/storage.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/testing.h"

using ag::Device;
using ag::memory_stats;
using ag::Storage;
using ag::Tensor;

namespace {
constexpr int64_t kMiB = 1 << 20;
}

TEST_CASE("a freed block is used again") {
  ag::release_cached_memory();
  const auto before = memory_stats();
  CHECK(before.cached == 0);
  void* first;
  {
    const Storage block(kMiB, Device::CPU);
    first = block.data();
    CHECK(block.bytes() == kMiB);
    CHECK(memory_stats().in_use == before.in_use + kMiB);
  }
  CHECK(memory_stats().in_use == before.in_use);
  CHECK(memory_stats().cached == kMiB);
  SUBCASE("for the same size") {
    const Storage again(kMiB, Device::CPU);
    CHECK(again.data() == first);
    CHECK(memory_stats().cached == 0);
  }
  SUBCASE("for a little less") {
    const Storage less(kMiB * 3 / 4, Device::CPU);
    CHECK(less.data() == first);
    CHECK(less.bytes() == kMiB * 3 / 4);
    CHECK(memory_stats().in_use == before.in_use + kMiB);  // the whole block counts
  }
  SUBCASE("not for much less") {
    const Storage small(kMiB / 2, Device::CPU);
    CHECK(small.data() != first);
    CHECK(memory_stats().cached == kMiB);
  }
  SUBCASE("not for more") {
    const Storage larger(kMiB + 1, Device::CPU);
    CHECK(memory_stats().cached == kMiB);
  }
  ag::release_cached_memory();
  CHECK(memory_stats().cached == 0);
  CHECK(memory_stats().in_use == before.in_use);
}

TEST_CASE("blocks of sizes that nobody needs any more do not accumulate") {
  ag::release_cached_memory();
  // Training steps with growing batches: each holds eight blocks at once, all larger than those before.
  int64_t most = memory_stats().in_use;
  for (int64_t step = 1; step <= 24; ++step) {
    std::vector<std::unique_ptr<Storage>> held;
    for (int i = 0; i < 8; ++i) held.push_back(std::make_unique<Storage>(step * 3 * kMiB, Device::CPU));
    most = std::max(most, memory_stats().in_use);
    held.clear();
    CHECK(memory_stats().in_use + memory_stats().cached <= most + std::max(most / 8, ag::kSpareMemory));
  }
  ag::release_cached_memory();
}

TEST_CASE("the smallest block that fits is taken") {
  ag::release_cached_memory();
  void* tight;
  {
    const Storage a(kMiB + kMiB / 4, Device::CPU), b(kMiB + kMiB / 8, Device::CPU), c(2 * kMiB, Device::CPU);
    tight = b.data();
  }
  const Storage wanted(kMiB, Device::CPU);
  CHECK(wanted.data() == tight);
}

TEST_CASE("blocks are aligned to 64 bytes and do not overlap") {
  std::vector<std::unique_ptr<Storage>> blocks;
  for (int64_t bytes : {0, 1, 63, 64, 65, 1000, 4097}) {
    blocks.push_back(std::make_unique<Storage>(bytes, Device::CPU));
    CHECK(reinterpret_cast<uintptr_t>(blocks.back()->data()) % 64 == 0);
    std::memset(blocks.back()->data(), static_cast<int>(blocks.size()), static_cast<size_t>(bytes));
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto* bytes = static_cast<const unsigned char*>(blocks[i]->data());
    CHECK(std::all_of(bytes, bytes + blocks[i]->bytes(), [&](unsigned char b) { return b == i + 1; }));
  }
}

TEST_CASE("the peak is the largest amount in use since it was reset") {
  ag::reset_memory_peak();
  const int64_t start = memory_stats().in_use;
  CHECK(memory_stats().peak == start);
  { const Storage a(3 * kMiB, Device::CPU), b(kMiB, Device::CPU); }
  { const Storage c(kMiB, Device::CPU); }
  CHECK(memory_stats().peak >= start + 4 * kMiB);
  CHECK(memory_stats().peak <= start + 6 * kMiB);  // a cached block may be larger by half
  ag::reset_memory_peak();
  CHECK(memory_stats().peak == start);
}

TEST_CASE("a size that is too large is an error and changes nothing") {
  const auto before = memory_stats();
  CHECK_THROWS_AS(Storage(-1, Device::CPU), ag::Error);
  CHECK_THROWS_WITH_AS(Storage(int64_t{1} << 60, Device::CPU), doctest::Contains("hint"), ag::Error);
  CHECK_THROWS_AS(Tensor::empty({int64_t{1} << 30, int64_t{1} << 27}), ag::Error);
  CHECK(memory_stats().in_use == before.in_use);
}

TEST_CASE("a shape whose size does not fit an integer is an error") {
  const int64_t huge = int64_t{1} << 40;
  CHECK_THROWS_AS(Tensor::empty({huge, huge}), ag::Error);
  CHECK_THROWS_AS(Tensor::empty({huge, huge, huge, huge}), ag::Error);
  CHECK_THROWS_AS(Tensor::zeros({int64_t{1} << 62}), ag::Error);
  CHECK_THROWS_AS(Tensor::empty({2, -1}), ag::Error);
  CHECK_THROWS_AS(Tensor::empty({-2, -1}), ag::Error);
  CHECK_THROWS_AS(Tensor::zeros({2}).view({-2, -1}), ag::Error);
}

TEST_CASE("views share memory, clones do not") {
  const int64_t before = memory_stats().in_use;
  {
    Tensor x = Tensor::from({3, 2}, {1, 2, 3, 4, 5, 6});
    CHECK(x.owns_alone());
    const Tensor row = x.rows(1, 2), flat = x.view({6}), copy = x.clone();
    CHECK_FALSE(x.owns_alone());
    CHECK(copy.owns_alone());
    flat.data()[2] = 30;
    CHECK(row.values() == std::vector<ag::real>{30, 4});
    CHECK(copy.data()[2] == 3);
    x = Tensor();  // the views keep the block
    CHECK(row.values() == std::vector<ag::real>{30, 4});
    CHECK(row.rows(1, 1).numel() == 0);
  }
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("a tensor of the wrong type or size is an error") {
  const Tensor x = Tensor::zeros({2, 3}), ids = Tensor::from_ints({1, 2}), undefined;
  CHECK_THROWS_AS(x.ints(), ag::Error);
  CHECK_THROWS_AS(ids.data(), ag::Error);
  CHECK_THROWS_AS(undefined.shape(), ag::Error);
  CHECK_THROWS_AS(x.dim(2), ag::Error);
  CHECK_THROWS_AS(x.dim(-3), ag::Error);
  CHECK_THROWS_AS(x.item(), ag::Error);
  CHECK_THROWS_AS(x.view({5}), ag::Error);
  CHECK_THROWS_AS(x.rows(1, 3), ag::Error);
  CHECK_THROWS_AS(x.rows(2, 1), ag::Error);
  CHECK_THROWS_AS(Tensor::full({}, 1).rows(0, 1), ag::Error);
  CHECK_THROWS_AS(x.clone().copy_from(ids), ag::Error);
  CHECK_THROWS_AS(Tensor::from({2}, {1, 2, 3}), ag::Error);
  CHECK(ag::to_string(undefined) == "undefined");
}

TEST_CASE("the resident size is known") { CHECK(ag::peak_rss_mib() > 1); }

TEST_CASE("a tensor as a string: shape, type, and the first numbers") {
  CHECK(ag::to_string(Tensor()) == "undefined");
  CHECK(ag::to_string(Tensor::from_ints({1, 2, 3})).ends_with("i32 [1, 2, 3]"));
  CHECK(ag::to_string(Tensor::from_ints({1, 2, 3}), 2).ends_with("i32 [1, 2, ...]"));
  CHECK(ag::to_string(Tensor::from({2}, {0.5, -2}))
            .ends_with(sizeof(ag::real) == 4 ? "f32 [0.5, -2]" : "f64 [0.5, -2]"));
}
