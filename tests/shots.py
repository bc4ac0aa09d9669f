"""Screenshots: python -m tests.shots URL… [--phone] [--lang en] [--cookie name=value] [--print]

Whole pages as PNG under tests/.shots/, named after address, width and language. Axe's findings are printed beside them.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests import axe
from tests.browser import DESK, PHONE, launched

FOLDER = Path(__file__).parent / ".shots"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--phone", action="store_true", help="375 px wide instead of 1280")
    parser.add_argument("--lang", default="zh_Hans_CN", choices=["zh_Hans_CN", "en"])
    parser.add_argument("--cookie", action="append", default=[], help="name=value, may be repeated")
    parser.add_argument("--print", action="store_true", dest="paper", help="as on paper")
    given = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with launched() as browser:
        size = PHONE if given.phone else DESK
        context = browser.new_context(viewport=size, is_mobile=given.phone, has_touch=given.phone)
        axe.prepare(context)
        for pair in [f"lang={given.lang}", *given.cookie]:
            name, _, value = pair.partition("=")
            sites = {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in given.urls}
            context.add_cookies([{"name": name, "value": value, "url": site} for site in sites])
        for url in given.urls:
            page = context.new_page()
            page.on("console", lambda message: print("console:", message.text))
            page.goto(url)
            if given.paper:
                page.emulate_media(media="print")
            name = re.sub(r"\W+", "-", urlsplit(url)._replace(scheme="", netloc="").geturl()).strip("-") or "home"
            file = FOLDER / f"{name}-{size['width']}-{given.lang[:2]}{'-print' if given.paper else ''}.png"
            page.screenshot(path=file, full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            print(file, f"(wider than the window by {wide} px)" if wide else "")
            print(*axe.check(page), sep="\n")
            page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
