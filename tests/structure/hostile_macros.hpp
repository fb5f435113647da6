// Macros of other people's headers that take names from everybody: a test includes every header of figment
// after them. What such headers break of the standard library or of Eigen is theirs: those come before.
#pragma once
// NOLINTBEGIN

// <windows.h>
#define min(a, b) figment_hostile_macro
#define max(a, b) figment_hostile_macro
#define small figment_hostile_macro
#define near figment_hostile_macro
#define far figment_hostile_macro
#define interface figment_hostile_macro
#define pascal figment_hostile_macro
#define ERROR figment_hostile_macro
#define IN figment_hostile_macro
#define OUT figment_hostile_macro
#define OPTIONAL figment_hostile_macro
#define DELETE figment_hostile_macro
#define STRICT figment_hostile_macro
#define TRUE figment_hostile_macro
#define FALSE figment_hostile_macro
#define BOOL figment_hostile_macro
#define CONST figment_hostile_macro
#define VOID figment_hostile_macro
#define CALLBACK figment_hostile_macro
#define GetObject figment_hostile_macro
#define CreateWindow figment_hostile_macro
#define LoadImage figment_hostile_macro
#define SendMessage figment_hostile_macro
#define GetMessage figment_hostile_macro
#define DrawText figment_hostile_macro
#define Yield() figment_hostile_macro

// <AssertMacros.h>
#define check(a) figment_hostile_macro
#define verify(a) figment_hostile_macro
#define require(a, b) figment_hostile_macro
#define check_noerr(a) figment_hostile_macro

// <complex.h>, which gnu++20 brings by <ccomplex> and some <complex>
#define I figment_hostile_macro

// <X11/Xlib.h>, <X11/X.h>
#define None figment_hostile_macro
#define Bool figment_hostile_macro
#define Status figment_hostile_macro
#define True figment_hostile_macro
#define False figment_hostile_macro
#define Always figment_hostile_macro
#define Success figment_hostile_macro
#define Above figment_hostile_macro
#define Below figment_hostile_macro
#define Convex figment_hostile_macro
#define Unsorted figment_hostile_macro
#define CurrentTime figment_hostile_macro
#define KeyPress figment_hostile_macro
#define KeyRelease figment_hostile_macro
#define FocusIn figment_hostile_macro
#define Expose figment_hostile_macro
#define CursorShape figment_hostile_macro
#define GrayScale figment_hostile_macro

// Qt
#define slots figment_hostile_macro
#define signals figment_hostile_macro
#define emit figment_hostile_macro
#define foreach figment_hostile_macro
#define forever figment_hostile_macro

// <sys/sysmacros.h>, Objective-C
#define major(a) figment_hostile_macro
#define minor(a) figment_hostile_macro
#define nil figment_hostile_macro
#define Nil figment_hostile_macro
#define YES figment_hostile_macro
#define NO figment_hostile_macro

// Programs' own
#define DEBUG 1
#define LOG(a) figment_hostile_macro
#define CHECK(a) figment_hostile_macro
#define ASSERT(a) figment_hostile_macro
#define NDIM 4
#define MAX_RANK 8
// NOLINTEND
