"""The runner's parts: cases, what they expect, the machine they run on, and the matrix."""
