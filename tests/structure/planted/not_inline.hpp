#pragma once
// Not inline: defined again in every translation unit.
int planted_not_inline() { return 1; }
