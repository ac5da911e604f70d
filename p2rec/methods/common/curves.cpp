#include "p2rec/methods/common/curves.h"

#include <fmt/format.h>

#include <ostream>

#include "autograd/check.h"
#include "p2rec/task/log_file.h"

namespace p2rec {

void print_curves(const nn::Path& folder, std::ostream& out) {
  constexpr std::string_view kTask = "train/";  // and a job's name: START-SEED
  const nn::Path file = folder / kLogName;
  std::string table = "start\tseed\tepoch\tvalidation_ndcg@10\n";  // printed only if all lines are right
  for (const LogFile::Line& line : LogFile(file).read()) {
    const auto value = line.values.find("validation_ndcg@10"), epoch = line.values.find("epoch");
    if (!line.task.starts_with(kTask) || value == line.values.end()) continue;
    const size_t dash = line.task.rfind('-');
    INPUT_CHECK(epoch != line.values.end() && dash != line.task.npos, file.string(), ": found the line ",
                line.text, "; expected an epoch, and a task named ", kTask, "START-SEED");
    table += fmt::format("{}\t{}\t{}\t{}\n", line.task.substr(kTask.size(), dash - kTask.size()),
                         line.task.substr(dash + 1), epoch->second, value->second);
  }
  out << table;
}

}  // namespace p2rec
