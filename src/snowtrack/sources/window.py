"""How many messages a broker sends that are not acknowledged yet: found out, since brokers do not say it."""

import asyncio
import secrets

import aiomqtt

from snowtrack.addresses import BrokerAddress
from snowtrack.sources.packets import Published
from snowtrack.sources.session import Receipt, Session, Window

SIZE_MAX = 1 << 20
PUBLISHED_AT_ONCE = 100
STILL_S = 0.5


async def window_of(address: BrokerAddress, publisher: aiomqtt.Client, topic: str, wanted: int) -> int:
    """As many as come to someone who acknowledges none, up to what is wanted; 0 when nothing can be heard."""
    arrived = 0

    def arrive(_message: Published, _receipt: Receipt, _received_us: int) -> bool:
        nonlocal arrived
        arrived += 1
        return True

    name = f"snowtrack.window.{secrets.token_hex(4)}"
    session = Session(address, name, [topic], Window(wanted + 1, SIZE_MAX), arrive, lasting=False)
    session.start()
    try:
        await session.answered.wait()
        for _ in range(0, wanted, PUBLISHED_AT_ONCE):
            await asyncio.gather(*(publisher.publish(topic, b"", qos=1) for _ in range(PUBLISHED_AT_ONCE)))
        before = -1
        while before < arrived < wanted:
            before = arrived
            await asyncio.sleep(STILL_S)
    finally:
        await session.stop()
    return min(arrived, wanted)
