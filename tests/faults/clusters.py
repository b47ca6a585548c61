"""A node of a cluster of three that is killed, the one that leads the stream as well as any other."""

import time

from tests.faults.parts import FleetSettings
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, opened
from tests.nats import PlainNats, three_in

AWAY_S, BETWEEN_S = (0.0, 15.0), (2.0, 8.0)


def node_killed(ground: Ground, times: int) -> Outcome:
    """SIGKILL of one of three NATS nodes, started again some seconds later; trackers that it served call another."""
    nodes = three_in(ground.folder / "cluster")
    try:
        for node in nodes:
            node.running.start()
        plan = Plan(fleet=FleetSettings(seed=ground.seed), cluster=nodes, proxied=True)
        with opened("node-killed", plan, ground) as trial:
            for _ in range(times):
                trial.pause(*BETWEEN_S)
                kill_node_once(trial, nodes)
            return judged(trial, ground)
    finally:
        for node in nodes:
            node.running.stop()


def kill_node_once(trial: Trial, nodes: list[PlainNats]) -> None:
    killed, *others = trial.chance.sample(nodes, len(nodes))
    killed_s = time.monotonic()
    killed.running.kill()
    # Trackers know a single address here: somebody leads them to a node that lives.
    trial.wires[0].target_port = others[0].running.address.port
    trial.fault(killed_s)
    trial.pause(*AWAY_S)
    killed.running.start()
