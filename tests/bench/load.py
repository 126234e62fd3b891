"""Traffic at a steady rate, for so many seconds at the most:

python -m tests.bench.load rest PORT RATE SECONDS    reads of all burners, on four connections
python -m tests.bench.load mqtt PORT RATE SECONDS    commands of every fifth of which sets a timer anew
"""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator

from tests.bench.contenders import mqtt_client

CONNECTIONS = 4
_ASK = b"GET /api/v1/burners HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
# on the last burner; the others are busy being shut off
_COMMANDS = [("timer", "25"), *[("cancel", "PRESS")] * 4]


async def _beats(rate: float, seconds: float) -> AsyncIterator[None]:
    """So many times a second; one who is late catches up."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    for count in range(int(rate * seconds)):
        await asyncio.sleep(started + count / rate - loop.time())
        yield


async def _ask(port: int, rate: float, seconds: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async for _ in _beats(rate, seconds):
        writer.write(_ASK)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head, head
        await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
    writer.close()


async def rest(port: int, rate: float, seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_ask(port, rate / CONNECTIONS, seconds))
        print("ready", flush=True)


async def mqtt(port: int, rate: float, seconds: float) -> None:
    client = mqtt_client(port)
    print("ready", flush=True)
    commands = itertools.cycle(_COMMANDS)
    async for _ in _beats(rate, seconds):
        command, payload = next(commands)
        client.publish(f"flameout/bench/burner/b7/cmd/{command}", payload)
    client.loop_stop()


if __name__ == "__main__":
    kind, port, rate, seconds = sys.argv[1:]
    asyncio.run({"rest": rest, "mqtt": mqtt}[kind](int(port), float(rate), float(seconds)))
