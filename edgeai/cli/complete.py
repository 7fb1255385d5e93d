"""What the shell offers when Tab is pressed after an option; each looks up names and opens nothing."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["boards", "inputs", "models", "numerics", "outputs", "policies", "recipes", "regimes"]


def policies(incomplete: str) -> list[str]:
    """Offer the policies."""
    from edgeai import plugins

    return _beginning(incomplete, (name.replace("_", "-") for name in plugins.names("policies")))


def boards(incomplete: str) -> list[str]:
    """Offer the boards that there are tables of."""
    from edgeai.power.boards import board_names

    return _beginning(incomplete, board_names())


def inputs(incomplete: str) -> list[str]:
    """Offer the drivers of cameras, as a URI begins."""
    from edgeai import plugins

    return _beginning(incomplete, (f"{name}:" for name in plugins.names("cameras")))


def outputs(incomplete: str) -> list[str]:
    """Offer the drivers of outputs, as a URI begins."""
    from edgeai import plugins

    return _beginning(incomplete, (f"{name}:" for name in plugins.names("outputs")))


def recipes(incomplete: str) -> list[str]:
    """Offer the recipes of `edgeai quantize`."""
    from edgeai.workbench.quantize_recipes import RECIPES

    return _beginning(incomplete, [*RECIPES, "all"])


def regimes(incomplete: str) -> list[str]:
    """Offer what slows a simulated board down."""
    from edgeai.workbench.world.slowdown import REGIMES

    return _beginning(incomplete, REGIMES)


def numerics(incomplete: str) -> list[str]:
    """Offer the kinds of kernels."""
    return _beginning(incomplete, ("default", "reference"))


def models(incomplete: str) -> list[str]:
    """Offer the models that come with edgeai."""
    from pathlib import Path

    from edgeai import pilots

    return _beginning(incomplete, sorted(path.stem for path in Path(pilots.__file__).parent.glob("*.tflite")))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
