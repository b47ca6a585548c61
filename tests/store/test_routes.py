"""Routes as they are registered, and what their progress is made of."""

import psycopg
import pytest

from snowtrack.clearance.routes import NOBODYS, Route
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.policy import Policies
from snowtrack.network.arrays import Network
from snowtrack.store.database import connect
from snowtrack.store.outlook import Outlook
from snowtrack.store.routes import Board, RouteBook, make_board, read_night, read_routes
from tests.services.registry import NOTE
from tests.services.town import EVENING_US, HOUR_US, Town, opened, streets

pytestmark = pytest.mark.anyio
MINUTE_US = 60 * SECOND_US
ADD_ROUTE = """
insert into route (agency, route, name, district, priority, machine, due_min)
values ('kanazawa', %s, %s, '第一工区', 2, 'secret-plough', %s)
"""
ADD_LINE = (
    "insert into route_segment (agency, route, position, segment_id, direction) values ('kanazawa', %s, %s, %s, %s)"
)
ADD_ORDER = """
insert into work_order (agency, number, machine, route, issued_at)
values ('kanazawa', %s, 'secret-plough', %s, to_timestamp(%s))
"""


def add_route(url: str, route: str, *lines: tuple[int, int], due_min: int | None = None) -> None:
    """With its segments and directions, from the last to the first."""
    with psycopg.connect(url) as connection:
        connection.execute(ADD_ROUTE, [route, f"{route}号線", due_min])
        for position, (segment, direction) in reversed(list(enumerate(lines, start=1))):
            connection.execute(ADD_LINE, [route, 10 * position, segment, direction])
        connection.execute(NOTE.encode())


def order(url: str, number: str, route: str | None, at_us: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(ADD_ORDER, [number, route, at_us / SECOND_US])


def book_of(town: Town) -> RouteBook:
    return RouteBook(Outlook(town.network, town.fold.outlook.policies, 300 * SECOND_US))


async def board_of(town: Town, now_us: int, book: RouteBook | None = None) -> Board:
    book = book or book_of(town)
    return make_board(book, await read_night(town.connection, book, now_us))


def place_of(board: Board, route: str, agency: str = "kanazawa") -> int:
    return [one.key for one in board.roads.routes.routes].index((agency, route))


async def test_registered_routes_come_with_their_segments_in_planned_order(database: str, network: Network) -> None:
    async with opened(database, network) as town:
        add_route(database, "2", (30, 0), (10, -1), (20, 1), due_min=90)
        add_route(database, "1")
        routes = await read_routes(town.connection)
    assert [route.id for route in routes.routes] == ["1", "2"]
    assert routes.routes[1] == Route(
        agency="kanazawa",
        id="2",
        name="2号線",
        district="第一工区",
        priority=2,
        machine="secret-plough",
        due_us=90 * MINUTE_US,
    )
    assert (routes.segment_id.tolist(), routes.direction.tolist()) == ([30, 10, 20], [0, -1, 1])
    assert routes.offsets.tolist() == [0, 0, 3]


async def test_a_newcomer_sees_the_roads_of_the_network_and_then_what_was_registered(
    database: str, network: Network
) -> None:
    async with opened(database, network) as town:
        book = book_of(town)
        before = await board_of(town, EVENING_US, book)
        assert len(before.roads.routes) > 50
        assert {route.agency for route in before.roads.routes.routes} == {"kanazawa"}
        add_route(database, "1", (streets(network)[0], 0))
        after = await board_of(town, EVENING_US, book)
    assert [route.id for route in after.roads.routes.routes] == ["1"]


async def test_roads_of_nobody_are_routes_too(clean_database: str, network: Network) -> None:
    async with connect(clean_database, name="test") as connection:
        book = RouteBook(Outlook(network, Policies(), 0))
        board = make_board(book, await read_night(connection, book, EVENING_US))
    assert {route.agency for route in board.roads.routes.routes} == {NOBODYS}


async def test_progress_is_of_what_was_folded_and_worked_of_late(database: str, network: Network) -> None:
    street, other = streets(network)
    async with opened(database, network) as town:
        add_route(database, "1", (street, 0), (other, 0))
        await town.work(street, EVENING_US + 5 * MINUTE_US, lasted_s=120)
        await town.heard(EVENING_US + 14 * MINUTE_US)
        await town.turn(EVENING_US + 15 * MINUTE_US)
        board = await board_of(town, EVENING_US + 15 * MINUTE_US)
        told = board.progress.as_json(place_of(board, "1"))
    lengths = [int(network.length_mm[network.rows_of([segment])[0]]) / 1000 for segment in (street, other)]
    assert (told["done_m"], told["left_m"]) == (lengths[0], lengths[1])
    assert told["state"] == "under_way"
    assert board.progress.bins[place_of(board, "1")] == 1
    # The street took two minutes.
    assert told["early_s"] == pytest.approx(120 * lengths[1] / lengths[0], abs=1)


async def test_work_that_does_not_count_is_no_pace(database: str, network: Network) -> None:
    street, other = streets(network)
    async with opened(database, network) as town:
        add_route(database, "1", (street, 0), (other, 0))
        await town.work(street, EVENING_US + 5 * MINUTE_US, lasted_s=120)
        await town.turn(EVENING_US + 15 * MINUTE_US)
        with psycopg.connect(database) as connection:
            connection.execute("delete from mounting")
            connection.execute(NOTE.encode())
        board = await board_of(town, EVENING_US + 15 * MINUTE_US)
    assert board.progress.bins.tolist() == [0]


async def test_a_route_is_due_from_its_first_order_in_the_event(database: str, network: Network) -> None:
    street, other = streets(network)
    async with opened(database, network) as town:
        add_route(database, "1", (street, 0), (other, 0), due_min=60)
        await town.work(street, EVENING_US + 5 * MINUTE_US)
        await town.turn(EVENING_US + 6 * MINUTE_US)
        now_us = EVENING_US + 80 * MINUTE_US
        begun = await board_of(town, now_us)
        order(database, "1", "1", EVENING_US - HOUR_US)
        order(database, "2", "1", EVENING_US + 30 * MINUTE_US)
        order(database, "3", "1", EVENING_US + 40 * MINUTE_US)
        order(database, "4", None, EVENING_US + 10 * MINUTE_US)
        ordered = await board_of(town, now_us)
    assert begun.progress.due_us.tolist() == [EVENING_US + HOUR_US]
    assert begun.progress.overdue_mm.tolist() == begun.progress.left_mm.tolist()
    assert ordered.progress.due_us.tolist() == [EVENING_US + 90 * MINUTE_US]
    assert ordered.progress.overdue_mm.tolist() == [0]


async def test_before_the_first_event_nothing_was_done(database: str, network: Network) -> None:
    async with opened(database, network) as town:
        add_route(database, "1", (streets(network)[0], 0))
        board = await board_of(town, EVENING_US)
    assert board.around.event_us == EVENING_US
    assert board.progress.left_mm.tolist() == board.progress.planned_mm.tolist()
