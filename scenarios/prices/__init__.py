"""Price files of any market: columns by meaning, dates of any form, every mistake by the line an editor shows."""
