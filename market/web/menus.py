"""The menu of a page: what a person works with, in groups as soon as it would not fit on one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from market.kernel.text import N_

# So many entries fit on one line of a window 1280 px wide, in either language.
_ONE_LINE = 7


class MenuGroup(StrEnum):
    """Where an entry stands in a long menu, in this order; DESK is never folded."""

    DESK = "desk"
    NEEDS = "needs"
    PURCHASE = "purchase"
    PROJECTS = "projects"
    CONTRACTS = "contracts"
    ORGANISATIONS = "organisations"
    PLATFORM = "platform"


GROUP_LABELS = {
    MenuGroup.NEEDS: N_("资金与需求"),
    MenuGroup.PURCHASE: N_("采购与评审"),
    MenuGroup.PROJECTS: N_("项目资助"),
    MenuGroup.CONTRACTS: N_("合同与付款"),
    MenuGroup.ORGANISATIONS: N_("机构与人才"),
    MenuGroup.PLATFORM: N_("平台管理"),
}


@dataclass(frozen=True)
class Link:
    """One entry; `active` on the page it leads to."""

    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class Folded:
    """Entries behind one word; `group` is the key of that word in GROUP_LABELS."""

    group: MenuGroup
    links: list[Link] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether the page shown is one of these."""
        return any(link.active for link in self.links)


def folded(entries: Iterable[tuple[MenuGroup, Link]]) -> list[Link | Folded]:
    """Return the menu for a person's entries: flat while short; else grouped, a group of one as the entry itself."""
    given = list(entries)
    if len(given) <= _ONE_LINE:
        return [link for _group, link in given]
    menu: list[Link | Folded] = []
    for group in MenuGroup:
        links = [link for one, link in given if one is group]
        menu += [Folded(group, links)] if len(links) > 1 and group is not MenuGroup.DESK else links
    return menu
