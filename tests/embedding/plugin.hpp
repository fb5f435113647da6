#pragma once

extern "C" {
/// Trains three steps.
[[gnu::visibility("default")]] float plugin_train();
/// Throws a figment::Error.
[[gnu::visibility("default")]] void plugin_throw(bool in_a_layer);
}
