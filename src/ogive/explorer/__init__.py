"""The explorer: a static site with every activation live in the browser, in English and Chinese.

A room of its own because its product is no picture and no report but pages that compute: JavaScript
printed from the catalogue's own programs, with what the certificates prove beside it. The site
works from ``file://`` and from any host, fetches nothing from elsewhere and runs under a strict
content security policy: classic scripts (modules do not load from files), no inline script, style
or handler, and no text is ever evaluated as code.

``site.write_site`` writes it. Its parts:

- ``strings/``: everything that people read. One TOML file is one namespace; ``key = ["English",
  "中文"]`` is ``namespace.key``. ``{name}`` stands for a value. Nothing that is read is written
  anywhere else; ``tests/explorer/test_strings.py`` finds what is missing, unused or untranslated.
- ``assets/``: scripts and styles as they are served. Every script adds to ``window.ogive``;
  ``core.js`` says what is there. A script takes its texts from ``ogive.text("namespace.key")``.
- ``shell.py``: what is around every page; ``pages`` lists them.

To add a page: write a function of ``Texts`` that gives the HTML of its main part (``texts("a.b")``
is escaped text, ``texts.html("a.b")`` has inline markup), and add a ``SitePage`` to
``sitemap.PAGES`` with its file, its title's key, that function, its scripts (files of ``assets/``,
loaded in this order after the core) and the namespaces those take texts from. Inside it, a link to
another page is ``texts.link("compare.html")``. To add a script: put it into ``assets/`` and name it
there. A page that teaches only is the same with other scripts.
"""

from ogive.explorer.site import write_site

__all__ = ["write_site"]
