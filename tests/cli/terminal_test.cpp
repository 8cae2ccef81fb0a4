#include "cli/terminal.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <sstream>
#include <streambuf>

namespace circula::cli::testing {
namespace {

// Every write fails like one to a pipe (or a disk) in the state that errno names.
class BrokenBuffer : public std::streambuf {
 public:
  explicit BrokenBuffer(int number) : number_(number) {}

 private:
  std::streamsize xsputn(const char*, std::streamsize) override {
    errno = number_;
    return 0;
  }
  int_type overflow(int_type) override {
    errno = number_;
    return traits_type::eof();
  }
  int number_;
};

int finish_after(int failure) {
  std::istringstream in;
  std::ostringstream err;
  BrokenBuffer buffer(failure);
  std::ostream out(&buffer);
  Terminal terminal(Streams{in, out, err});
  terminal.print("first\n");
  terminal.print("second\n");
  const auto finished = terminal.finish();
  return finished ? 0 : static_cast<int>(finished.error().code);
}

// `circula show ... | head` was an error of the environment.
TEST(Terminal, lets_the_reader_of_a_pipe_go) { EXPECT_EQ(finish_after(EPIPE), 0); }

TEST(Terminal, tells_of_a_full_disk) {
  EXPECT_EQ(finish_after(ENOSPC), static_cast<int>(ledger::Code::E_FILE));
}

TEST(Terminal, suggests_commands_that_can_be_pasted) {
  std::istringstream in;
  std::ostringstream out, err;
  Streams streams{in, out, err};
  EXPECT_EQ(Terminal(streams).command({"verify", "a/b.json"}), "circula verify a/b.json");
  streams.program = "build/my release/circula";
  EXPECT_EQ(Terminal(streams).command({"verify", "it's $HOME", ""}),
            "'build/my release/circula' verify 'it'\\''s $HOME' ''");
}

}  // namespace
}  // namespace circula::cli::testing
