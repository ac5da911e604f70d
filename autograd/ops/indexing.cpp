// Rows by index, and moving blocks: embedding, reshape, concat, slice.
#include <cstring>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/ops/row_uses.h"
#include "autograd/parallel.h"

namespace ag {
namespace {

// A tensor seen along one dimension: `outer` blocks, each of dim(d) slices of `inner` numbers.
struct DimView {
  int64_t dim, outer = 1, inner = 1;
  DimView(const char* name, const Tensor& x, int64_t wanted) : dim(wanted < 0 ? wanted + x.rank() : wanted) {
    AG_CHECK(dim >= 0 && dim < x.rank(), name, ": dimension ", wanted, " of a tensor of shape ", x.shape());
    for (int64_t i = 0; i < dim; ++i) outer *= x.dim(i);
    for (int64_t i = dim + 1; i < x.rank(); ++i) inner *= x.dim(i);
  }
};

// Copies all of `part` from slices [begin, begin + count) of `whole` along d.
void take(const Tensor& part, const Tensor& whole, const DimView& d, int64_t begin) {
  if (part.numel() == 0) return;
  const int64_t width = part.dim(d.dim) * d.inner, stride = whole.dim(d.dim) * d.inner;
  DISPATCH(whole.device(), copy_columns, part, width, whole.data() + begin * d.inner, stride, d.outer, width);
}
// Copies all of `part` into these slices.
void put_back(const Tensor& whole, const Tensor& part, const DimView& d, int64_t begin) {
  if (part.numel() == 0) return;
  const int64_t width = part.dim(d.dim) * d.inner, stride = whole.dim(d.dim) * d.inner;
  DISPATCH(whole.device(), copy_columns, whole.data() + begin * d.inner, stride, part, width, d.outer, width);
}

}  // namespace

Tensor embedding(const Tensor& table, const Tensor& ids) {
  AG_CHECK(table.rank() == 2 && ids.rank() == 1,
           "embedding: expected a table (V, C) and ids (N) but they have shapes ", table.shape(), " and ",
           ids.shape());
  const int64_t V = table.dim(0), C = table.dim(1), N = ids.dim(0);
  for (int64_t i = 0; i < N; ++i) {
    AG_CHECK(ids.ints()[i] >= 0 && ids.ints()[i] < V, "embedding: id ", ids.ints()[i], " at ", i,
             " is not an index below ", V);
  }
  Tensor y = Tensor::empty({N, C}, DType::Real, table.device()), rows = ids.to(table.device());
  if (table.dtype() == DType::BF16) {
    DISPATCH(table.device(), gather_rows_bf16, y, table, rows, N, C);
    return y;
  }
  DISPATCH(table.device(), gather_rows, y, table, rows, N, C);
  return record("embedding", y, {table}, [ids, V, C](const Tensor& dy, const Needs&) -> Grads {
    const RowUses uses(ids, V, dy.device());
    Tensor dtable = Tensor::zeros({V, C}, DType::Real, dy.device());
    DISPATCH(dy.device(), scatter_add_rows, dtable, dy, uses.uses(), C);
    return {dtable};
  });
}

Tensor reshape(const Tensor& x, Shape shape) {
  AG_CHECK(numel(shape) == x.numel(), "reshape: shape ", x.shape(), " cannot become ", shape);
  return record("reshape", x.view(std::move(shape)), {x},
                [shape = x.shape()](const Tensor& dy, const Needs&) -> Grads { return {dy.view(shape)}; });
}

Tensor concat(const std::vector<Tensor>& parts, int64_t dim) {
  AG_CHECK(!parts.empty(), "concat: there is nothing to join");
  const DimView along("concat", parts[0], dim);
  Shape shape = parts[0].shape();
  int64_t& total = shape[static_cast<size_t>(along.dim)];
  total = 0;
  for (const Tensor& part : parts) {
    Shape expected = part.shape();
    total += part.dim(along.dim);
    if (expected.size() == shape.size()) expected[static_cast<size_t>(along.dim)] = total;
    AG_CHECK(expected == shape, "concat: shapes ", parts[0].shape(), " and ", part.shape(),
             " differ outside dimension ", dim);
  }
  Tensor y = Tensor::empty(shape, DType::Real, parts[0].device());
  int64_t begin = 0;
  std::vector<Shape> shapes;
  for (const Tensor& part : parts) {
    put_back(y, part, along, begin);
    begin += part.dim(along.dim);
    shapes.push_back(part.shape());
  }
  return record("concat", y, parts, [shapes, along](const Tensor& dy, const Needs& needs) -> Grads {
    Grads grads(shapes.size());
    int64_t at = 0;
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (needs[i]) {
        grads[i] = Tensor::empty(shapes[i], DType::Real, dy.device());
        take(grads[i], dy, along, at);
      }
      at += shapes[i][static_cast<size_t>(along.dim)];
    }
    return grads;
  });
}

Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end) {
  const DimView along("slice", x, dim);
  AG_CHECK(0 <= begin && begin <= end && end <= x.dim(along.dim), "slice: [", begin, ", ", end,
           ") of dimension ", dim, " of a tensor of shape ", x.shape());
  Shape shape = x.shape();
  shape[static_cast<size_t>(along.dim)] = end - begin;
  Tensor y = Tensor::empty(shape, DType::Real, x.device());
  take(y, x, along, begin);
  return record("slice", y, {x}, [shape = x.shape(), along, begin](const Tensor& dy, const Needs&) -> Grads {
    Tensor dx = Tensor::zeros(shape, DType::Real, dy.device());
    put_back(dx, dy, along, begin);
    return {dx};
  });
}

namespace cpu {

void gather_rows(real* y, const real* table, const int32_t* ids, int64_t N, int64_t C) {
  const size_t bytes = static_cast<size_t>(C) * sizeof(real);
  parallel_for(N, C, [&](int64_t i) { std::memcpy(y + i * C, table + ids[i] * C, bytes); });
}

void gather_rows_bf16(real* y, const uint16_t* table, const int32_t* ids, int64_t N, int64_t C) {
  for (int64_t i = 0; i < N; ++i) widen_bf16(y + i * C, table + ids[i] * C, C);
}

// Each thread owns a range of the table's rows and searches all ids for them. So one thread writes each row,
// and the order of the additions is that of the ids for any number of threads.
void scatter_add_rows(real* dtable, const real* dy, const TableUses& uses, int64_t C) {
  const int32_t* ids = uses.ids;
  const int64_t threads = thread_count();
  parallel_for(threads, uses.N * C / threads, [&](int64_t thread) {
    const int64_t begin = uses.V * thread / threads, end = uses.V * (thread + 1) / threads;
    for (int64_t i = 0; i < uses.N; ++i) {
      if (ids[i] < begin || ids[i] >= end) continue;
      for (int64_t c = 0; c < C; ++c) dtable[ids[i] * C + c] += dy[i * C + c];
    }
  });
}

void copy_columns(real* to, int64_t to_stride, const real* from, int64_t from_stride, int64_t R, int64_t C) {
  const size_t bytes = static_cast<size_t>(C) * sizeof(real);
  parallel_for(R, C, [&](int64_t r) { std::memcpy(to + r * to_stride, from + r * from_stride, bytes); });
}

}  // namespace cpu
}  // namespace ag
