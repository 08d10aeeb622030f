"""The years ahead: the path everybody expects, the economy on a path of prices, and what firms plan from it."""
