"""Read and follow: files of this machine, feeds, articles, and the stories they tell together."""
