"""A synthetic data set in the files of NTU RGB+D, with classes of its own."""
