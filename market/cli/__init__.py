"""The one command line. Each command's module is loaded when it is called, so that a start stays quick."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from market.config import SettingsError

# name -> module:attribute. Rooms add further commands through their cards.
_OWN = {
    "run": "serve:run",
    "serve": "serve:serve",
    "work": "serve:work",
    "tick": "serve:tick",
    "db": "database:database",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "chain": "books:chain",
    "ledger": "books:ledger",
    "verify": "checking:verify",
    "export": "exchange:export",
    "import": "exchange:import_",
    "permits": "pages:permits",
    "diagrams": "pages:diagrams",
}
_HELP = {
    "run": "启动网站和后台任务（首次启动自动建库） / start web server and worker, creating what is missing",
    "serve": "只启动网站 / start the web server only",
    "work": "只启动后台任务 / start the worker only",
    "tick": "立即办理到期事项和排队任务 / do now what is due or queued",
    "db": "数据库：upgrade、backup、restore / the database",
    "demo": "演示数据：load / demonstration data",
    "doctor": "检查运行环境 / check the installation",
    "chain": "核对存证链：verify / check the hash chains",
    "ledger": "核对账目：check / check the books",
    "verify": "核对一个核对包 / compute a bundle again, without this product's code",
    "export": "导出开放数据：ocds / write open data into a folder",
    "import": "导入其他发布者的数据：ocds / put other publishers' data on a shelf of its own",
    "permits": "生成权限表 docs/permits.md / write the table of permits",
    "diagrams": "生成状态图 docs/states/ / draw the state machines",
}


class Market(click.Group):
    """A group whose commands live in modules of their own or in the cards of the rooms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names; the rooms' only when the product can be opened."""
        return [*_OWN, *sorted(set(_room_commands()) - set(_OWN))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; an unknown name is answered by click."""
        if cmd_name in _OWN:
            module, attribute = _OWN[cmd_name].split(":")
            command = getattr(importlib.import_module(f"market.cli.{module}"), attribute)
            assert isinstance(command, click.Command)
            return command
        command = _room_commands().get(cmd_name)
        if command is not None:
            from market.cli.installation import open_app

            ctx.with_resource(open_app().app_context())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and one line each, without loading the modules."""
        rooms = _room_commands()
        rows = [(name, _HELP.get(name) or rooms[name].get_short_help_str(90)) for name in self.list_commands(ctx)]
        with formatter.section("命令 / Commands"):
            formatter.write_dl(rows)


def _room_commands() -> dict[str, click.Command]:
    from market.app import cards

    return {command.name: command for card in cards() for command in card.commands if command.name}


@click.command(cls=Market, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="linli", prog_name="linli")
def cli() -> None:
    """邻里购：街道购买社会服务。 / Linli: street offices buy social services."""


def main() -> None:
    """Run the command line. What a person can mend comes as one line, without a traceback; status 2 means a setting."""
    try:
        from sqlalchemy.exc import OperationalError

        from market.kernel.errors import DomainError
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        cli(prog_name="market")
    except SettingsError as error:
        _end(str(error), 2)
    except DomainError as error:
        _end(error.text, 1)
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        _end(f"数据库用不了，请检查 MARKET_DATABASE_URL / the database cannot be used: {reason}", 2)


def _end(line: str, status: int) -> Any:
    click.echo(f"market: {line}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
