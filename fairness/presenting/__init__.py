"""Numbers of the live view as words, tiles, plots and tables: what the page's templates print."""
