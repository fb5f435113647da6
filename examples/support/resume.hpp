// Going on with a run: its checkpoint says how it was started.
#pragma once

#include <figment/io/checkpoint.hpp>
#include <figment/io/folder_lock.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace examples {

/// The first thing a program that can be resumed does. With `--resume DIR` the arguments become those of the
/// run whose folder DIR is, then those given now. Prints one line and exits where there is no such run, or
/// where it is still going on.
void take_up(const std::string& program, int& argc, char**& argv);

/// Where the run's data are, for describe_run.
void remember_data(const std::filesystem::path& place);

/// The command that goes on with the run in a folder.
std::string resume_command(const std::filesystem::path& out);

/// Adds to a checkpoint how the program was started, for take_up.
void describe_run(figment::io::Checkpoint& checkpoint);

/// The checkpoint to go on from: the newest that is whole; empty for a new run.
const std::filesystem::path& resumed_checkpoint();

/// The run in this folder is the one to go on with.
bool goes_on_in(const std::filesystem::path& out);

/// Takes the folder for this process alone. Throws while a run of another is going on in it.
figment::io::FolderLock lock_folder(const std::filesystem::path& out);

}  // namespace examples
