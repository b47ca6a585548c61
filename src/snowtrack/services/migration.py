"""`snowtrack migrate`: tables and rights, where services are not the owners of them."""

from snowtrack.services.instance import database_url
from snowtrack.settings import Settings
from snowtrack.store.database import connect
from snowtrack.store.migrate import migrate


async def migrate_database(settings: Settings) -> None:
    """Say what was done."""
    async with connect(database_url(settings), name="migrate") as connection:
        applied = await migrate(connection, rights_anew=True)  # a backup that was read in has none
    for one in applied:
        print(f"applied migration {one.number}: {one.name}")
    print("the schema and the rights of the services are those of this program")
