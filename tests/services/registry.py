"""Machines in the registry, so that what their devices do counts."""

import psycopg

from snowtrack.model.ids import DeviceId

ADD_AGENCY = """
insert into agency (agency, name, manages, shares_passes) values (%(agency)s, %(agency)s, 'others', true)
on conflict do nothing
"""
ADD_MACHINE = """
insert into machine (agency, machine, kind) values (%(agency)s, %(device)s, 'truck') on conflict do nothing
"""
MOUNT = """
insert into mounting (agency, device, machine, valid_from) values (%(agency)s, %(device)s, %(device)s, '2020-01-01')
on conflict do nothing
"""
NUMBER = "insert into device (agency, name) values (%(agency)s, %(device)s) on conflict do nothing"
NOTE = "with old as (delete from fleet_version returning version) insert into fleet_version (version)" + (
    " select coalesce((select max(version) from old), 0) + 1"
)


def register(url: str, *devices: DeviceId) -> None:
    """Each on a truck of its own, whose agency manages all roads."""
    with psycopg.connect(url) as connection:
        for device in devices:
            named = {"agency": device.agency, "device": device.device}
            for statement in (ADD_AGENCY, ADD_MACHINE, MOUNT, NUMBER):
                connection.execute(statement.encode(), named)
        connection.execute(NOTE.encode())
