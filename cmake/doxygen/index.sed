# The guide's index as Doxygen reads it: the pages it names stand below it in the tree, in its order.
s|\[([^]]*)\]\(([a-z_]*)\.md\)|@subpage md_examples_guide_\2 "\1"|g
