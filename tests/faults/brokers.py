"""A broker that is killed, started again, or finds no room on its disk. Only `durable` counts."""

import signal
import time

from tests.faults.parts import FleetSettings, kill, limited_files
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, opened

AWAY_S = (0.0, 3.0)
BETWEEN_S = (2.0, 8.0)
AUTOSAVE_S = 1
NO_ROOM_BYTES = 4_096


def broker_killed(ground: Ground, times: int) -> Outcome:
    """SIGKILL of Mosquitto, which loses what it had acknowledged since its last save, and sessions too."""
    with opened("broker-killed", Plan(fleet=FleetSettings(seed=ground.seed)), ground) as trial:
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            kill_broker_once(trial)
        return judged(trial, ground)


def kill_broker_once(trial: Trial) -> None:
    trial.broker.kill()
    _back(trial)


def broker_restarted(ground: Ground, times: int) -> Outcome:
    """Stopped in order, and started again."""
    with opened("broker-restarted", Plan(fleet=FleetSettings(seed=ground.seed)), ground) as trial:
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            trial.broker.stop()
            _back(trial)
        return judged(trial, ground)


def broker_disk_full(ground: Ground, times: int) -> Outcome:
    """Mosquitto cannot write down what it holds, while ingest is away and it holds much; then it is killed."""
    plan = Plan(fleet=FleetSettings(seed=ground.seed), autosave_s=AUTOSAVE_S)
    with opened("broker-disk-full", plan, ground) as trial:
        for number in range(times):
            trial.pause(*BETWEEN_S)
            process = trial.broker.process
            assert process
            with limited_files([process.pid], NO_ROOM_BYTES):
                kill(trial.ingest)
                trial.pause(2, 5)
                process.send_signal(signal.SIGUSR1)  # save now
                trial.pause(1, 2)
                if process.poll() is not None:
                    trial.notes["ended"] = trial.notes.get("ended", 0) + 1
                if number % 2:
                    trial.ingest.start()  # it gets on with a broker that cannot write
                    trial.await_confirmation(time.monotonic())
            trial.broker.kill()
            if not trial.ingest.running:
                trial.ingest.start()
            _back(trial)
        log = (trial.line.folder / "mosquitto" / "broker.log").read_bytes()
        trial.notes["refused_writes"] = log.count(b"File too large") + log.count(b"Error saving")
        return judged(trial, ground)


def _back(trial: Trial) -> None:
    """After a while; the recovery is counted from then."""
    trial.pause(*AWAY_S)
    started_s = time.monotonic()
    trial.broker.start()
    trial.fault(started_s)
