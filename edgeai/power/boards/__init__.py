"""What is known of boards: power, frequencies, throttling, speed; each number with its source.

A board is a YAML file in this folder; `load_board` also takes the path of one of your own.
"""

from edgeai.power.boards.board import Board, Figure, Power, Steps, ThreadTimes, slowdown
from edgeai.power.boards.tables import board_names, load_board, machine_name, recognise, running_board

__all__ = [
    "Board",
    "Figure",
    "Power",
    "Steps",
    "ThreadTimes",
    "board_names",
    "load_board",
    "machine_name",
    "recognise",
    "running_board",
    "slowdown",
]
