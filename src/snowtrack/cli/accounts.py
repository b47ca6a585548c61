"""`snowtrack accounts` and `snowtrack keys`: who is let in."""

from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, Json, settle
from snowtrack.model.access import Right, Role

accounts = typer.Typer(no_args_is_help=True, help="Who may sign in, and what they are for which agency.")
keys = typer.Typer(no_args_is_help=True, help="Keys of devices, partners and programs.")

Account = Annotated[str, typer.Argument(help="Name of the account.", metavar="NAME")]
Key = Annotated[str, typer.Argument(help="Name of the key.", metavar="NAME")]
Agency = Annotated[str, typer.Option("--agency", help="For which agency; '*' for all.")]
GoodDays = Annotated[int, typer.Option("--days", help="How long it is good.", min=1, max=3_660)]


@accounts.command()
def invite(
    name: Account,
    role: Annotated[Role | None, typer.Option("--role", help="What the person becomes.")] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="For which agency; '*' for all.")] = None,
    contractor: Annotated[str | None, typer.Option("--contractor", help="Of which one, for this role.")] = None,
    hours: Annotated[int, typer.Option("--hours", help="How long the invitation is good.", min=1, max=720)] = 72,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make an account, or let a person who forgot the password choose another one; and give a role."""
    from snowtrack.services.accounts import Appointment, invite_account

    if (role is None) != (agency is None):
        raise typer.BadParameter("a role needs an agency, and an agency a role", param_hint="--role --agency")
    if (role is Role.CONTRACTOR) != (contractor is not None) or (contractor and agency == "*"):
        raise typer.BadParameter("the role contractor, and no other, names one of an agency", param_hint="--contractor")
    appointment = (
        None if role is None or agency is None else Appointment(role=role, agency=agency, contractor=contractor)
    )
    settings = settle(config, flags, data=data, database=database)
    uvloop.run(invite_account(settings, name, appointment, hours))


@accounts.command()
def withdraw(
    name: Account,
    agency: Agency,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Take away all that an account is for an agency. Open pages see it within seconds."""
    from snowtrack.services.accounts import withdraw_account

    uvloop.run(withdraw_account(settle(config, flags, data=data, database=database), name, agency))


@accounts.command()
def close(
    name: Account, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Let nobody in by an account any more."""
    from snowtrack.services.accounts import end_account

    uvloop.run(end_account(settle(config, flags, data=data, database=database), name))


@accounts.command(name="list")
def list_(
    json: Json = False, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Say which accounts there are, and what they are for whom."""
    from snowtrack.services.accounts import show_accounts

    uvloop.run(show_accounts(settle(config, flags, data=data, database=database), as_json=json))


@keys.command()
def make(
    name: Key,
    agency: Agency,
    rights: Annotated[list[Right], typer.Option("--right", help="What it opens. May be repeated.")],
    days: GoodDays = 365,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Print a new key. It is shown once and not kept."""
    from snowtrack.services.accounts import issue_key

    uvloop.run(issue_key(settle(config, flags, data=data, database=database), name, agency, rights, days))


@keys.command()
def renew(
    name: Key,
    days: GoodDays = 365,
    overlap: Annotated[
        int, typer.Option("--overlap-hours", help="How long the one of before is still good.", min=0, max=720)
    ] = 24,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Print a key in place of one that opens the same."""
    from snowtrack.services.accounts import renew_key

    uvloop.run(renew_key(settle(config, flags, data=data, database=database), name, days, overlap))


@keys.command()
def revoke(name: Key, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None) -> None:
    """Let a key open nothing any more."""
    from snowtrack.services.accounts import revoke_key

    uvloop.run(revoke_key(settle(config, flags, data=data, database=database), name))


@keys.command(name="list")
def list_keys(
    json: Json = False, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Say which keys are good, what they open, and until when."""
    from snowtrack.services.accounts import show_keys

    uvloop.run(show_keys(settle(config, flags, data=data, database=database), as_json=json))
