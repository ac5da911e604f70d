// The processes that mpirun or srun started, as ranks 0, 1, ..., and what they do together.
//
// All ranks must call the same functions in the same order, from one thread at a time. A communicator of one
// rank does nothing, so that code for one process needs no `if`. Needs MPI; in a library built without it,
// every process is alone. Errors are ag::Error and name rank and host.
#pragma once

#include <memory>
#include <string>

#include "autograd/tensor.h"

namespace ag {

// A sum of all_reduce that runs while the caller computes. A default-constructed one is complete.
class PendingSum {
 public:
  bool done();  // MPI moves data only inside its functions, so this is to be called now and then
  void wait();

 private:
  friend class Communicator;
  struct Request;
  std::shared_ptr<Request> request_;
};

class Communicator {
 public:
  Communicator() = default;  // this process alone: rank 0 of 1

  // All processes of the launcher. The first call starts MPI; it must be made on the main thread. Alone if no
  // launcher started this process. Throws ag::Error if one did, but the library was built without MPI.
  static const Communicator& world();
  // To be called by every rank before it ends, if it has called world(): waits for the others.
  static void leave();
  // Ends all ranks at once with this exit code. Returns if this process is alone.
  static void abort(int code);

  int64_t rank() const;
  int64_t size() const;
  bool is_first() const { return rank() == 0; }
  std::string name() const;  // "rank 1 of 4 on host node7"; alone: ""
  // This rank's share of n things: [begin(n), end(n)). It may be empty.
  int64_t begin(int64_t n) const { return n * rank() / size(); }
  int64_t end(int64_t n) const { return n * (rank() + 1) / size(); }
  // The number of independent computations that may run in threads: with several ranks, 1.
  int64_t at_once(int64_t most) const { return size() == 1 ? most : 1; }

  // x = the sum of all ranks' x, bit-equal on all of them. x is Real or I32 and has one shape on all ranks.
  void all_reduce(const Tensor& x) const;
  PendingSum start_all_reduce(const Tensor& x) const;  // the same; x must be on the CPU
  double sum(double x) const;
  bool any(bool x) const;
  // x = rank 0's x.
  void broadcast(const Tensor& x) const;
  // The rows of all ranks, in the order of the ranks: (R_0 + R_1 + ..., ...) on the CPU. Ranks may have
  // different numbers of rows, also none, but rows must have one shape.
  Tensor all_gather(const Tensor& rows) const;
  void barrier() const;

 private:
  struct Group;
  std::shared_ptr<const Group> group_;  // null: alone
};

}  // namespace ag
