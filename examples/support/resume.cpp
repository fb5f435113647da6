#include "support/resume.hpp"

#include <cstdlib>
#include <figment/io/checkpoints.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

namespace examples {

namespace fs = std::filesystem;

namespace {

/// What take_up found out, for the one run of this process.
struct Start {
  std::string program;
  std::vector<std::string> arguments;  // without --resume
  fs::path checkpoint;
  std::vector<char*> argv;
} start;

/// Takes `--resume DIR` out of the arguments and returns DIR, or nothing.
std::string take_resume(std::vector<std::string>& arguments) {
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    std::string dir;
    if (at->starts_with("--resume=")) {
      dir = at->substr(9);
      arguments.erase(at);
      return dir;
    }
    if (*at == "--resume" && at + 1 != arguments.end()) {
      dir = at[1];
      arguments.erase(at, at + 2);
      return dir;
    }
  }
  return {};
}

/// A resumed run may be started in another directory, by another environment.
void fix_data(std::vector<std::string>& arguments) {
  bool given = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string& word = arguments[i];
    if (word.starts_with("--data=")) word = "--data=" + fs::absolute(word.substr(7)).string(), given = true;
    if (word == "--data" && i + 1 < arguments.size())
      arguments[i + 1] = fs::absolute(arguments[i + 1]).string(), given = true;
  }
  if (const char* env = std::getenv("FIGMENT_DATA"); env && *env && !given)
    arguments.push_back("--data=" + fs::absolute(env).string());
}

/// Sets start.checkpoint and puts the arguments of its run before the given ones.
void find_run(const std::string& dir) {
  const auto files = figment::io::list_checkpoints(fs::path(dir) / "checkpoints");
  figment::check(!files.empty(), "--resume {}: there is no checkpoint in {}/checkpoints", dir, dir);
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    try {
      const auto metadata = figment::io::SafetensorsReader(*file).metadata();
      const auto text = [&](const char* name) {
        const auto found = metadata.find(name);
        figment::check(found != metadata.end(), "{}: its metadata has no '{}'", file->string(), name);
        return found->second;
      };
      const std::string program = text("program");
      figment::check(program == start.program, "{}: is of {}", file->string(), program);
      const auto arguments = nlohmann::json::parse(text("arguments"), nullptr, false);
      figment::check(arguments.is_array(), "{}: its arguments are not a JSON array", file->string());
      std::vector<std::string> all;
      for (const auto& word : arguments) all.push_back(word.is_string() ? word.get<std::string>() : "");
      all.push_back("--out=" + dir);
      all.insert(all.end(), start.arguments.begin(), start.arguments.end());
      start.arguments = std::move(all);
      start.checkpoint = *file;
      return;
    } catch (const figment::Error& e) {
      if (file + 1 == files.rend()) throw;
      std::cerr << start.program << ": " << e.what() << "; trying the checkpoint before it\n";
    }
  }
}

}  // namespace

void take_up(const std::string& program, int& argc, char**& argv) {
  start = {program, {argv + 1, argv + argc}, {}, {}};
  const std::string dir = take_resume(start.arguments);
  if (dir.empty()) return;
  try {
    find_run(dir);
  } catch (const std::exception& e) {
    std::cerr << program << ": " << e.what() << "\n";
    std::exit(1);
  }
  start.argv.push_back(argv[0]);
  for (std::string& word : start.arguments) start.argv.push_back(word.data());
  argc = static_cast<int>(start.argv.size());
  start.argv.push_back(nullptr);
  argv = start.argv.data();
}

void describe_run(figment::io::Checkpoint& checkpoint) {
  auto arguments = start.arguments;
  fix_data(arguments);
  checkpoint.add_text("program", start.program).add_text("arguments", nlohmann::json(arguments).dump());
}

const fs::path& resumed_checkpoint() { return start.checkpoint; }

}  // namespace examples
