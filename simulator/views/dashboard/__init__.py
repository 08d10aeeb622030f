"""The dashboard: results and what-if in the browser, on this machine alone and without internet."""
