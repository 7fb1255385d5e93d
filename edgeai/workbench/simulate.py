"""A pipeline on a board for hours, in virtual time: the product's own engine and scheduler in a simulated world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edgeai.clock import NS, VirtualClock
from edgeai.runtime.assembly import Assembly
from edgeai.runtime.core import StageStats
from edgeai.runtime.lockstep import LockstepEngine
from edgeai.runtime.programs import Programs, Ready
from edgeai.schedule.admission import Refusal, admit
from edgeai.schedule.events import Sensed
from edgeai.schedule.workload import Workload
from edgeai.workbench.figures import Figures
from edgeai.workbench.record import BoardLog, Recorder, StageLog
from edgeai.workbench.scenario import Scenario
from edgeai.workbench.world.battery import Battery
from edgeai.workbench.world.camera import SimulatedCamera
from edgeai.workbench.world.chance import generator
from edgeai.workbench.world.distribution import Noise
from edgeai.workbench.world.heat import Cooling, Heat, Throttle
from edgeai.workbench.world.meter import Meter
from edgeai.workbench.world.slowdown import CELL, REGIMES
from edgeai.workbench.world.world import Truth, World

__all__ = ["Conditions", "Simulation", "simulate"]

_SECOND = NS
"""ns between two looks at the meter and the thermometer, and steps of the heat: boards are polled about so often."""

_PARTS = 200
"""Parts in which progress is told."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The surroundings. seconds: how long; ambient: deg C; regime: a name of REGIMES; battery: Wh, None for mains.

    meter: whether watts are measured at the board's input, with an error of 1 % and in steps of 10 mW; without one
    the scheduler models them. The temperature is known in either case, to half a degree.
    """

    seconds: float = 600.0
    ambient: float = 25.0
    regime: str = "calm"
    battery: float | None = None
    seed: int = 0
    meter: bool = True
    cooling: Cooling = field(default_factory=Cooling)


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """What came of it: counts, logs and switches by stage; seconds: how long it lasted, until a battery was empty."""

    scenario: Scenario
    conditions: Conditions
    workload: Workload
    figures: dict[tuple[str, int], Figures]
    refusal: Refusal | None
    seconds: float
    counts: dict[str, StageStats]
    stages: dict[str, StageLog]
    board: BoardLog
    switches: dict[str, int]

    @property
    def budget(self) -> float | None:
        """Watts of the whole board that were asked for, if any."""
        return self.scenario.schedule.asked().get("budget")


def simulate(
    scenario: Scenario, conditions: Conditions, progress: Callable[[float], None] = lambda done: None
) -> Simulation:
    """Run a scenario; `progress` is called with the part that is done, 0..1. Equal seeds give equal simulations.

    Raises ConfigError for a schedule that this board cannot follow.
    """
    return _Run(scenario, conditions).result(progress)


class _Run:
    def __init__(self, scenario: Scenario, conditions: Conditions) -> None:
        self.scenario, self.conditions = scenario, conditions
        self.workload, self.figures = scenario.workload()
        self.clock = VirtualClock()
        self.recorder = Recorder(tuple(stage.name for stage in scenario.stages))
        board, seed = scenario.board, conditions.seed
        cells = int(conditions.seconds * NS) // CELL + 1
        truths = {key: Truth(figure.distribution(), figure.watts) for key, figure in self.figures.items()}
        noise = {name: Noise(generator(seed, name)) for name in self.recorder.stages}
        slowdown = REGIMES[conditions.regime](cells, generator(seed, "the slowdown"))
        self.world = World(self.clock, truths, noise, slowdown, self.recorder.ran)
        self.idle = board.idle.value
        self.heat = Heat(conditions.cooling, conditions.ambient, self.idle)
        self.throttle = Throttle.of(board)
        self.battery = None if conditions.battery is None else Battery(conditions.battery)
        self.meter = Meter(generator(seed, "the meter"))
        self.thermometer = generator(seed, "the thermometer")
        self.engine = self._engine()

    def result(self, progress: Callable[[float], None]) -> Simulation:
        durations = {key: round(figure.median) for key, figure in self.figures.items()}
        profiles = tuple(figure.profile(*key) for key, figure in self.figures.items())
        board = self.scenario.board
        busy = board.core.value * board.cores.value / self.workload.lanes
        self.engine.calibrate(profiles, self.idle, busy)
        self.engine.every(_SECOND, self._pass_a_second)
        self.engine.start()
        end = round(self.conditions.seconds * NS)
        for part in range(1, _PARTS + 1):
            if self.battery is not None and self.battery.empty:
                break
            self.engine.run_until(end * part // _PARTS)
            progress(part / _PARTS)
        scheduler = self.engine.scheduler
        return Simulation(
            self.scenario,
            self.conditions,
            self.workload,
            self.figures,
            admit(self.workload, durations),
            float(len(self.recorder.board.watts)) if self._died() else self.conditions.seconds,
            self.engine.stats(),
            self.recorder.stages,
            self.recorder.board,
            {name: scheduler.state(name).mixer.switches for name in self.recorder.stages},
        )

    def _died(self) -> bool:
        return self.battery is not None and self.battery.empty

    def _engine(self) -> LockstepEngine:
        cameras = tuple(SimulatedCamera(s.name, s.rate, s.phase) for s in self.scenario.sources)
        nothing = Ready(((),) * self.workload.lanes)
        programs = Programs({key: lambda: nothing for key in self.figures})
        programs.load_all()
        assembly = Assembly(cameras, (), (), self.workload, self.scenario.policy(), programs)
        return LockstepEngine(assembly, self.clock, [], self.world.duration)

    def _pass_a_second(self) -> None:
        """Settle a second's energy: heat, clock, battery, what the meters say of it."""
        if self._died():
            return
        t, log, world = self.clock.now(), self.recorder.board, self.world
        watts = self.idle + world.settle(t) * NS / _SECOND
        log.watts.append(watts)
        log.slowdown.append(world.slowdown(t - 1))
        celsius = self.heat.step(watts, _SECOND / NS)
        log.celsius.append(celsius)
        world.clock = self.throttle.clock(celsius)
        world.power = self.throttle.power(world.clock)
        left = None
        if self.battery is not None:
            self.battery.drain(watts * _SECOND / NS)
            left = self.battery.left
            log.battery.append(left)
        read = self.meter.read(watts) if self.conditions.meter else None
        seen = round(2.0 * (celsius + self.thermometer.gauss(0.0, 0.2))) / 2.0
        self.engine.sense(Sensed(t, read, seen, celsius >= self.throttle.soft, left))
