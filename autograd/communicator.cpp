#include "autograd/communicator.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#ifdef P2REC_MPI
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#endif

namespace ag {

#ifdef P2REC_MPI

struct Communicator::Group {
  int rank = 0, size = 1;
  std::vector<std::string> hosts;  // per rank
};

struct PendingSum::Request {
  MPI_Request request = MPI_REQUEST_NULL;
  Tensor x;  // is kept until the sum is complete
  std::string place;
};

namespace {

constexpr int64_t kMostNumbers = 1 << 30;  // of one call: MPI counts in int

// Only a launcher sets these variables. Without one, MPI_Init would take a second to start its own daemon.
bool is_launched() {
  const auto set = [](const char* name) { return std::getenv(name) != nullptr; };
  return set("OMPI_COMM_WORLD_SIZE") || set("PMIX_RANK") || set("PMI_RANK");
}

bool is_running() {
  int begun = 0, ended = 0;
  MPI_Initialized(&begun);
  MPI_Finalized(&ended);
  return begun && !ended;
}

// `place`: the function and the rank, for the message.
void check_mpi(int code, const std::string& place) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw Error(message(place, ": ", std::string(text, static_cast<size_t>(length))));
}

MPI_Datatype type_of(const Tensor& x) {
  AG_CHECK(x.dtype() != DType::BF16, "communicator: found a bf16 tensor; expected ", name_of(DType::Real),
           " or i32");
  if (x.dtype() == DType::I32) return MPI_INT32_T;
  return sizeof(real) == sizeof(double) ? MPI_DOUBLE : MPI_FLOAT;
}

char* bytes_of(const Tensor& x) {
  return x.dtype() == DType::Real ? reinterpret_cast<char*>(x.data()) : reinterpret_cast<char*>(x.ints());
}

// Calls f(address, count) for pieces that MPI can count, on a copy in the CPU's memory if x is elsewhere.
template <class F>
void in_pieces(const Tensor& x, const F& f) {
  Tensor here = x.to(Device::CPU);
  for (int64_t begin = 0; begin < here.numel(); begin += kMostNumbers)
    f(bytes_of(here) + begin * size_of(x.dtype()),
      static_cast<int>(std::min(kMostNumbers, here.numel() - begin)));
  if (!here.same_as(x)) Tensor(x).copy_from(here);
}

std::string name_in(const std::vector<std::string>& hosts, size_t rank) {
  return message("rank ", rank, " of ", hosts.size(), " on host ", hosts[rank]);
}

}  // namespace

const Communicator& Communicator::world() {
  static const Communicator all = [] {
    Communicator made;
    if (!is_launched()) return made;
    int threads = 0;
    check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &threads), "MPI_Init");
    AG_CHECK(threads >= MPI_THREAD_SERIALIZED,
             "MPI: this installation has no threads; expected MPI_THREAD_SERIALIZED");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    Group group;
    MPI_Comm_rank(MPI_COMM_WORLD, &group.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &group.size);
    constexpr int kName = MPI_MAX_PROCESSOR_NAME;
    char host[kName] = {};
    int length = 0;
    MPI_Get_processor_name(host, &length);
    std::string names(static_cast<size_t>(kName * group.size), '\0');
    check_mpi(MPI_Allgather(host, kName, MPI_CHAR, names.data(), kName, MPI_CHAR, MPI_COMM_WORLD),
              message("MPI: rank ", group.rank, " on host ", host));
    for (int r = 0; r < group.size; ++r) group.hosts.emplace_back(names.c_str() + r * kName);
    if (group.size > 1) made.group_ = std::make_shared<const Group>(std::move(group));
    return made;
  }();
  return all;
}

void Communicator::leave() {
  if (is_running()) MPI_Finalize();
}

void Communicator::abort(int code) {
  if (is_running()) MPI_Abort(MPI_COMM_WORLD, code);
}

int64_t Communicator::rank() const { return group_ ? group_->rank : 0; }
int64_t Communicator::size() const { return group_ ? group_->size : 1; }
std::string Communicator::name() const {
  return group_ ? name_in(group_->hosts, static_cast<size_t>(group_->rank)) : "";
}

void Communicator::all_reduce(const Tensor& x) const {
  if (!group_) return;
  in_pieces(x, [&](void* numbers, int count) {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, numbers, count, type_of(x), MPI_SUM, MPI_COMM_WORLD),
              "all_reduce: " + name());
  });
}

PendingSum Communicator::start_all_reduce(const Tensor& x) const {
  PendingSum pending;
  if (!group_) return pending;
  AG_CHECK(x.device() == Device::CPU && x.numel() <= kMostNumbers, "start_all_reduce: ", name(),
           ": found a tensor of shape ", x.shape(), " on ", name_of(x.device()),
           "; expected at most 2^30 numbers on the CPU");
  pending.request_ = std::make_shared<PendingSum::Request>(MPI_REQUEST_NULL, x, "all_reduce: " + name());
  check_mpi(MPI_Iallreduce(MPI_IN_PLACE, bytes_of(x), static_cast<int>(x.numel()), type_of(x), MPI_SUM,
                           MPI_COMM_WORLD, &pending.request_->request),
            pending.request_->place);
  return pending;
}

bool PendingSum::done() {
  if (!request_) return true;
  int complete = 0;
  check_mpi(MPI_Test(&request_->request, &complete, MPI_STATUS_IGNORE), request_->place);
  if (complete) request_.reset();
  return complete;
}

void PendingSum::wait() {
  if (!request_) return;
  check_mpi(MPI_Wait(&request_->request, MPI_STATUS_IGNORE), request_->place);
  request_.reset();
}

double Communicator::sum(double x) const {
  if (group_)
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD), "sum: " + name());
  return x;
}

void Communicator::broadcast(const Tensor& x) const {
  if (!group_) return;
  in_pieces(x, [&](void* numbers, int count) {
    check_mpi(MPI_Bcast(numbers, count, type_of(x), 0, MPI_COMM_WORLD), "broadcast: " + name());
  });
}

Tensor Communicator::all_gather(const Tensor& rows) const {
  if (!group_) return rows;
  const auto ranks = static_cast<size_t>(group_->size);
  Shape shape = rows.shape();
  AG_CHECK(!shape.empty(), "all_gather: ", name(), ": found one number; expected rows");
  const int64_t columns = numel(Shape(shape.begin() + 1, shape.end()));
  const std::string place = "all_gather: " + name();
  std::vector<int64_t> shapes(2 * ranks);  // rows and numbers in a row, per rank
  const int64_t own[] = {shape[0], columns};
  check_mpi(MPI_Allgather(own, 2, MPI_INT64_T, shapes.data(), 2, MPI_INT64_T, MPI_COMM_WORLD), place);
  std::vector<int> counts, begins;
  int64_t total = 0;
  for (size_t r = 0; r < ranks; ++r) {
    AG_CHECK(shapes[2 * r + 1] == columns, place, " has rows of ", columns, " numbers but ",
             name_in(group_->hosts, r), " of ", shapes[2 * r + 1]);
    begins.push_back(static_cast<int>(total));
    counts.push_back(static_cast<int>(shapes[2 * r]));
    total += shapes[2 * r];
  }
  shape[0] = total;
  const Tensor all = Tensor::empty(shape, rows.dtype()), here = rows.to(Device::CPU);
  MPI_Datatype row;
  check_mpi(MPI_Type_contiguous(static_cast<int>(columns), type_of(rows), &row), place);
  MPI_Type_commit(&row);
  const int code = MPI_Allgatherv(bytes_of(here), counts[static_cast<size_t>(group_->rank)], row,
                                  bytes_of(all), counts.data(), begins.data(), row, MPI_COMM_WORLD);
  MPI_Type_free(&row);
  check_mpi(code, place);
  return all;
}

void Communicator::barrier() const {
  if (group_) check_mpi(MPI_Barrier(MPI_COMM_WORLD), "barrier: " + name());
}

#else

struct Communicator::Group {};
struct PendingSum::Request {};

const Communicator& Communicator::world() {
  for (const char* variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    const char* size = std::getenv(variable);
    AG_CHECK(!size || std::atoi(size) == 1, "MPI: found ", variable, "=", size,
             ", but p2rec was built without MPI; ",
             "hint: apt-get install libopenmpi-dev, then build with -DP2REC_MPI=ON");
  }
  static const Communicator alone;
  return alone;
}

void Communicator::leave() {}
void Communicator::abort(int) {}
int64_t Communicator::rank() const { return 0; }
int64_t Communicator::size() const { return 1; }
std::string Communicator::name() const { return ""; }
void Communicator::all_reduce(const Tensor&) const {}
PendingSum Communicator::start_all_reduce(const Tensor&) const { return {}; }
bool PendingSum::done() { return true; }
void PendingSum::wait() {}
double Communicator::sum(double x) const { return x; }
void Communicator::broadcast(const Tensor&) const {}
Tensor Communicator::all_gather(const Tensor& rows) const { return rows; }
void Communicator::barrier() const {}

#endif

bool Communicator::any(bool x) const { return sum(x) > 0; }

}  // namespace ag
