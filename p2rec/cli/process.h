// The process that the program runs in: its streams and signals.
#pragma once

namespace p2rec {

// A file that grows beyond the limit of its size shall be an error like a full disk, not the program's sudden end. A standard
// stream that the caller has closed is replaced by one that cannot be used: the next file to be opened would otherwise take its
// place, and what is printed would land in that file.
void prepare_process();

// Throws ag::Error if standard output could not be written, so that a truncated result is not mistaken for a complete one.
void check_output();

}  // namespace p2rec
