"""A trained network of time_to_one_percent.py, for EstimatorsBenchmark.cs, which starts this. trained_network.py NAME FOLDER SAMPLES

Trains it, and writes it and so many samples to the folder as time_to_one_percent.py does.
"""
import os
import sys

SAMPLES = int(sys.argv.pop())
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from time_to_one_percent import trained  # noqa: E402

trained(SAMPLES)
