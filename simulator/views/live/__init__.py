"""The market stepped by hand in the browser: what one auction did, and a firm's seat to bid from."""
