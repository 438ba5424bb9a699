"""Values that the tests share."""

SECRET_KEY = "a secret key for tests only"
SHOP_KEY = "PRACTICE" + "0" * 23 + "1"
