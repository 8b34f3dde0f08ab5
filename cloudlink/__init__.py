"""cloudlink: connect Python programs with Scratch and TurboWarp projects through cloud variables."""
