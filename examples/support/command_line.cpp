#include "support/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <system_error>

namespace examples {

struct CommandLine::Parser {
  CLI::App app;
  Settings* settings = nullptr;
};

namespace {

Settings settings_of(const CLI::App& app) {
  Settings all;
  for (const CLI::Option* o : app.get_options()) {
    if (o->get_lnames().empty() || o == app.get_help_ptr() || o == app.get_version_ptr()) continue;
    const std::string unless_given = o->get_expected_min() == 0 ? "false" : o->get_default_str();
    all.emplace_back(o->get_lnames()[0], o->count() == 0 ? unless_given : o->reduced_results()[0]);
  }
  return all;
}

/// Accepts what reads as a V and passes the test; otherwise the message says what was expected and found.
template <class V, class Test>
CLI::Validator expect(const std::string& what, Test test) {
  return {[=](std::string& text) {
            V value{};
            return (std::is_signed_v<V> || text[0] != '-') && CLI::detail::lexical_cast(text, value) &&
                           test(value)
                       ? std::string()
                       : "expected " + what + ", found '" + text + "'";
          },
          ""};
}

/// The exit code, and a line on stderr, where stdout did not take all that was printed.
int after_output(const std::string& program, int code) {
  errno = 0;
  std::cout.flush();
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && !std::ferror(stdout) && std::cout.good()) return code;
  std::cerr << program << ": cannot write to the standard output"
            << (errno ? ": " + std::generic_category().message(errno) : "") << "\n";
  return code == 0 ? 1 : code;
}

}  // namespace

CommandLine::CommandLine(const std::string& program, const std::string& description)
    : parser_(std::make_unique<Parser>()) {
  parser_->app.name(program);
  parser_->app.description(description);
  // The last of several counts: a run that is resumed has its arguments before the new ones.
  parser_->app.option_defaults()->always_capture_default()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
}
CommandLine::~CommandLine() = default;

void CommandLine::option(const std::string& name, std::string& value, const std::string& help) {
  parser_->app.add_option(name, value, help);
}
void CommandLine::option(const std::string& name, std::ptrdiff_t& value, const std::string& help,
                         std::ptrdiff_t least) {
  parser_->app.add_option(name, value, help)
      ->check(expect<std::ptrdiff_t>("a whole number from " + std::to_string(least),
                                     [=](auto v) { return v >= least && v <= std::ptrdiff_t{1} << 31; }))
      ->type_name("N");
}
void CommandLine::option(const std::string& name, std::uint64_t& value, const std::string& help) {
  parser_->app.add_option(name, value, help)
      ->check(expect<std::uint64_t>("a whole number from 0", [](auto) { return true; }))
      ->type_name("N");
}
void CommandLine::option(const std::string& name, double& value, const std::string& help, Least least) {
  const bool zero = least == Least::zero;
  parser_->app.add_option(name, value, help)
      ->check(expect<double>(zero ? "a number of 0 or more" : "a positive number",
                             [=](double v) { return (v > 0 || (zero && v == 0)) && std::isfinite(v); }))
      ->type_name("X");
}
void CommandLine::choice(const std::string& name, std::string& value, const std::string& help,
                         const std::vector<std::string>& allowed) {
  std::string all;
  for (const auto& word : allowed) all += (all.empty() ? "" : "|") + word;
  const auto test = [allowed](const std::string& word) {
    return std::find(allowed.begin(), allowed.end(), word) != allowed.end();
  };
  parser_->app.add_option(name, value, help)
      ->check(CLI::Validator(
          [=](std::string& word) {
            return test(word) ? std::string() : "expected " + all + ", found '" + word + "'";
          },
          ""))
      ->type_name(all);
}
void CommandLine::numbers(const std::string& name, std::vector<std::ptrdiff_t>& value,
                          const std::string& help) {
  const auto test = expect<std::ptrdiff_t>("whole numbers from 1",
                                           [](auto v) { return v >= 1 && v <= std::ptrdiff_t{1} << 31; });
  const auto set = [&value](const std::string& text) {
    value.clear();
    for (const auto& word : CLI::detail::split(text, ','))
      CLI::detail::lexical_cast(word, value.emplace_back());
  };
  std::string now;
  for (const auto v : value) now += (now.empty() ? "" : ",") + std::to_string(v);
  // One text, not a list: of two lists CLI11 would take the last number.
  parser_->app.add_option_function<std::string>(name, set, help)
      ->default_str(now)
      ->check(CLI::Validator(
          [=](std::string& text) {
            for (auto& word : CLI::detail::split(text, ','))
              if (auto wrong = test(word); !wrong.empty()) return wrong;
            return std::string();
          },
          ""))
      ->type_name("N,N…");
}
void CommandLine::flag(const std::string& name, bool& value, const std::string& help) {
  parser_->app.add_flag(name, value, help);
}

void CommandLine::list(const std::string& name, const std::string& text, const std::string& help) {
  parser_->app.set_version_flag(name, text, help);  // what --version does with a version
}

void CommandLine::keep(Settings& settings) { parser_->settings = &settings; }

int CommandLine::parse(int argc, char** argv) {
  try {
    parser_->app.parse(argc, argv);
    if (parser_->settings) *parser_->settings = settings_of(parser_->app);
    return -1;
  } catch (const CLI::CallForHelp&) {
    std::cout << parser_->app.help();
    return after_output(parser_->app.get_name(), 0);
  } catch (const CLI::CallForVersion& e) {
    std::cout << e.what();
    return after_output(parser_->app.get_name(), 0);
  } catch (const CLI::ParseError& e) {
    std::cerr << parser_->app.get_name() << ": " << e.what() << " (see --help)\n";
    return 2;
  }
}

std::string peek(int argc, char** argv, const std::string& name, const std::string& otherwise) {
  std::string found = otherwise;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == name && i + 1 < argc) found = argv[i + 1];
    if (word.starts_with(name + "=")) found = word.substr(name.size() + 1);
  }
  return found;
}

int run(const std::string& program, const std::function<int()>& body) {
  try {
    return after_output(program, body());
  } catch (const std::exception& e) {
    std::cerr << program << ": " << e.what() << "\n";
    return 1;
  }
}

}  // namespace examples
