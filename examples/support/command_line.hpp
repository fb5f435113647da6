// The command line of the examples. CLI11 stays in command_line.cpp: it takes seconds to compile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace examples {

/// Names and values.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// Options by name, each bound to a variable that holds its default.
class CommandLine {
 public:
  CommandLine(const std::string& program, const std::string& description);
  ~CommandLine();

  void option(const std::string& name, std::string& value, const std::string& help);
  /// A whole number of at least `least`.
  void option(const std::string& name, std::ptrdiff_t& value, const std::string& help,
              std::ptrdiff_t least = 1);
  void option(const std::string& name, std::uint64_t& value, const std::string& help);
  /// A positive number, or 0 too.
  enum class Least { positive, zero };
  void option(const std::string& name, double& value, const std::string& help, Least least = Least::positive);
  /// One of some words.
  void choice(const std::string& name, std::string& value, const std::string& help,
              const std::vector<std::string>& allowed);
  /// Whole numbers of at least 1 with commas between.
  void numbers(const std::string& name, std::vector<std::ptrdiff_t>& value, const std::string& help);
  void flag(const std::string& name, bool& value, const std::string& help);
  /// A flag that prints `text` on stdout and ends the program.
  void list(const std::string& name, const std::string& text, const std::string& help);

  /// Where parse() leaves the value of every option, given or not.
  void keep(Settings& settings);

  /// Reads the arguments. Returns the exit code if the program should end now (--help is 0, a mistake is 2,
  /// with one line on stderr, and help that cannot be printed 1), else -1.
  int parse(int argc, char** argv);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

/// What follows `name` on a command line, the last time, before it is parsed: for defaults that depend on
/// another option.
std::string peek(int argc, char** argv, const std::string& name, const std::string& otherwise);

/// Calls body() and turns what it throws, and a stdout that does not take all that was printed, into one line
/// on stderr and exit code 1.
int run(const std::string& program, const std::function<int()>& body);

}  // namespace examples
