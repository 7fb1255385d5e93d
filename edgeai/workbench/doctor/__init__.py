"""What ails this machine: its board, heat, software, permissions, and how a pipeline does on it for some seconds."""

from edgeai.workbench.doctor.examine import examine
from edgeai.workbench.doctor.finding import Finding, Verdict

__all__ = ["Finding", "Verdict", "examine"]
