"""Published tables read one after another, and thousands of spoilt ones: how well the door for own data holds."""
