"""``flask user``: who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from flask.cli import AppGroup

from ppm_web.cli.output import fail, json_option, print_json, print_table
from ppm_web.models import Role, User
from ppm_web.services.accounts import users
from ppm_web.services.accounts.users import UserError

user_commands = AppGroup("user", help="Who may sign in.")


@user_commands.command("add")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="A viewer looks, a manager syncs, an admin also sets up.",
)
@click.option("--password", metavar="-", help="'-' reads it from standard input; else it is asked for.")
def add(email: str, role: str, password: str | None) -> None:
    """Let EMAIL sign in."""
    try:
        user = users.add_user(email, _password(password), role)
    except UserError as error:
        fail(str(error))
    click.echo(f"{user.email} may sign in as {user.role}")


@user_commands.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """Who may sign in, and as what."""
    people = users.users()
    if as_json:
        print_json(
            [
                {"email": u.email, "role": u.role, "active": u.active, "created_at": u.created_at.isoformat()}
                for u in people
            ]
        )
        return
    print_table(
        ["E-mail", "Role", "May sign in", "Since"],
        [
            (u.email, u.role.value, "yes" if u.active else "no", f"{u.created_at:%Y-%m-%d} UTC")
            for u in people
        ],
        empty="Nobody may sign in yet: flask user add EMAIL --role admin",
    )


@user_commands.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
def set_role(email: str, role: str) -> None:
    """Give EMAIL another ROLE; it counts from the next click on."""
    _do(email, lambda user: users.set_role(user, role))
    click.echo(f"{email} is {role} now")


@user_commands.command("password")
@click.argument("email")
@click.option("--password", metavar="-", help="'-' reads it from standard input; else it is asked for.")
def set_password(email: str, password: str | None) -> None:
    """Give EMAIL another password. All sessions of EMAIL end."""
    new = _password(password)
    _do(email, lambda user: users.set_password(user, new))
    click.echo(f"{email} has a new password, and has to sign in again")


@user_commands.command("on")
@click.argument("email")
def switch_on(email: str) -> None:
    """Let EMAIL sign in again."""
    _do(email, lambda user: users.set_active(user, True))
    click.echo(f"{email} may sign in")


@user_commands.command("off")
@click.argument("email")
def switch_off(email: str) -> None:
    """Let EMAIL no longer sign in. All sessions of EMAIL end at once."""
    _do(email, lambda user: users.set_active(user, False))
    click.echo(f"{email} may no longer sign in")


def _do(email: str, change: Callable[[User], None]) -> None:
    try:
        change(users.by_address(email))
    except UserError as error:
        fail(str(error))


def _password(option: str | None) -> str:
    """The password from a prompt or from standard input, never from the command line."""
    if option is None:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again"))
    if option != "-":
        fail(
            "A password on the command line can be read by everybody on this machine, and stays in the "
            "shell's history. Leave --password away to be asked for it, or pipe it in with --password -",
            status=2,
        )
    return sys.stdin.readline().rstrip("\r\n")
