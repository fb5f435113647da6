// How often the program has asked the heap for memory: every operator new is replaced and counted.
#pragma once

namespace test {

/// Calls of operator new so far, in all its forms and on all threads.
long heap_calls();

// The address sanitizer must keep its own new; it also frees what figment would recycle.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool counts_heap_calls = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool counts_heap_calls = false;
#define FIGMENT_TEST_ADDRESS_SANITIZER 1
#else
inline constexpr bool counts_heap_calls = true;
#endif
#else
inline constexpr bool counts_heap_calls = true;
#endif

}  // namespace test
