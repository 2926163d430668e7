"""The look of the Data Docs: pages that need nothing from elsewhere.

Great Expectations' own pages load scripts, styles and an image from six other hosts, which would
tell these who reads them, and stay empty where there is no way out. Ours are plain HTML with the
same content. Great Expectations loads this module by its name; it is imported nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from great_expectations.render.renderer.site_builder import SiteBuilder
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

_TEMPLATES = Path(__file__).parent / "templates"


class Site(SiteBuilder):
    """A website without the images and fonts that only Great Expectations' own pages use."""

    def build(
        self, resource_identifiers: Any = None, build_index: bool = True
    ) -> tuple[str | None, Any]:
        """Write the pages of some resources, or of all, and the start page.

        Returns:
            Address of the start page, and what it links to.
        """
        for section in self.site_section_builders.values():
            section.build(resource_identifiers=resource_identifiers)
        _, links = self.site_index_builder.build(build_index=build_index)
        return self.get_resource_url(only_if_exists=False), links


class Page(DefaultJinjaPageView):
    """A page of the website."""

    def __init__(self) -> None:
        super().__init__()
        assert self.env.loader is not None
        self.env.loader = ChoiceLoader([FileSystemLoader(_TEMPLATES), self.env.loader])

    def render(self, document: Any, template: str | None = None, **values: Any) -> str:
        """Return a page as HTML.

        Args:
            document: What Great Expectations has to say.
            template: File of the template; the page's own where None.
            values: Further values for the template.
        """
        content = document.to_json_dict()
        depth = (content.get("expectation_suite_name") or "").count(".")
        values["home"] = _home(content["renderer_type"], depth)
        page: str = super().render(document, template, **values)  # type: ignore[no-untyped-call]
        return page


def _home(renderer: str, depth: int) -> str | None:
    """Return the way from a page to the start page, None from itself."""
    levels = {"ExpectationSuitePageRenderer": 1, "ValidationResultsPageRenderer": 4}.get(renderer)
    return None if levels is None else "../" * (levels + depth) + "index.html"
