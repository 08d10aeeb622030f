"""MkDocs loads this file by its path; what it does is in `tanshi.simulator.guide.site`."""

from tanshi.simulator.guide.site import on_config, on_files, on_page_content, on_page_context

__all__ = ["on_config", "on_files", "on_page_content", "on_page_context"]
