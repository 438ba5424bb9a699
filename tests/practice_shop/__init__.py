"""Tests of ppm_web.practice_shop, over HTTP as a client meets it."""
