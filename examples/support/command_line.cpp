#include "support/command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace examples {

struct CommandLine::Parser {
  CLI::App app;
};

CommandLine::CommandLine(const std::string& program, const std::string& description)
    : parser_(std::make_unique<Parser>()) {
  parser_->app.name(program);
  parser_->app.description(description);
  parser_->app.option_defaults()->always_capture_default();
}
CommandLine::~CommandLine() = default;

void CommandLine::option(const std::string& name, std::string& value, const std::string& help) {
  parser_->app.add_option(name, value, help);
}
void CommandLine::option(const std::string& name, std::ptrdiff_t& value, const std::string& help,
                         std::ptrdiff_t least) {
  parser_->app.add_option(name, value, help)
      ->check(CLI::Range(least, std::ptrdiff_t{1} << 31, "WHOLE NUMBER"));
}
void CommandLine::option(const std::string& name, std::uint64_t& value, const std::string& help) {
  parser_->app.add_option(name, value, help);
}
void CommandLine::option(const std::string& name, double& value, const std::string& help) {
  parser_->app.add_option(name, value, help)->check(CLI::PositiveNumber);
}
void CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
  parser_->app.add_flag(name, value, help);
}

int CommandLine::parse(int argc, char** argv) {
  try {
    parser_->app.parse(argc, argv);
    return -1;
  } catch (const CLI::CallForHelp&) {
    std::cout << parser_->app.help();
    return 0;
  } catch (const CLI::ParseError& e) {
    std::cerr << parser_->app.get_name() << ": " << e.what() << " (see --help)\n";
    return 2;
  }
}

int run(const std::string& program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const std::exception& e) {
    std::cerr << program << ": " << e.what() << "\n";
    return 1;
  }
}

}  // namespace examples
