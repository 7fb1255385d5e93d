"""How a float model may be quantized: recipes by name, in the words of ai-edge-quantizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from edgeai.driver import vendor
from edgeai.errors import ConfigError, Problem

__all__ = ["RECIPES", "Recipe", "choose_recipes"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to quantize.

    calibrated: the range of every value must be learnt from data. make: returns the library's form of the recipe, given
    its module `recipe`.
    """

    name: str
    says: str
    calibrated: bool
    make: Callable[[ModuleType], Any]


def _float16(_: ModuleType) -> Any:
    manager = vendor("ai_edge_quantizer.recipe_manager", "quantize").RecipeManager()
    kinds = vendor("ai_edge_quantizer.qtyping", "quantize").TFLOperationName
    casting = vendor("ai_edge_quantizer.algorithm_manager", "quantize").AlgorithmName.FLOAT_CASTING
    manager.add_weight_only_config(".*", kinds.ALL_SUPPORTED, 16, algorithm_key=casting)
    return manager.get_quantization_recipe()


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("int8", "weights and values int8", True, lambda recipe: recipe.static_wi8_ai8()),
        Recipe(
            "int8-dynamic",
            "weights int8, values quantized as they come",
            False,
            lambda recipe: recipe.dynamic_wi8_afp32(),
        ),
        Recipe("int16x8", "weights int8, values int16", True, lambda recipe: recipe.static_wi8_ai16()),
        Recipe("int4-weights", "weights int4, values float32", False, lambda recipe: recipe.weight_only_wi4_afp32()),
        Recipe("float16", "weights float16, values float32", False, _float16),
    )
}


def choose_recipes(names: Sequence[str]) -> tuple[Recipe, ...]:
    """Return the recipes of these names; `all` is all of them. Raises ConfigError for another name."""
    if "all" in names:
        return tuple(RECIPES.values())
    unknown = [name for name in names if name not in RECIPES]
    if unknown or not names:
        found = repr(unknown[0]) if unknown else "none"
        raise ConfigError(Problem("--recipe", found, f"{', '.join(RECIPES)} or all"))
    return tuple(RECIPES[name] for name in dict.fromkeys(names))
