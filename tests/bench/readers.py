"""So many pages that are open: ``python -m tests.bench.readers PORT HOW_MANY`` reads that many event streams."""

import asyncio
import sys

_ASK = b"GET /api/v1/events?tick=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def _read(port: int, opened: asyncio.Semaphore) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_ASK)
    head = await reader.readline()
    assert b"200" in head, head
    opened.release()
    while await reader.read(65536):
        pass


async def _main(port: int, count: int) -> None:
    opened = asyncio.Semaphore(0)
    readers = [asyncio.create_task(_read(port, opened)) for _ in range(count)]
    for _ in range(count):
        await opened.acquire()
    print("ready", flush=True)
    await asyncio.gather(*readers)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
