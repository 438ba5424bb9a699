"""Tests of ppm_web.prestashop: pure, or faked at the wire with recorded answers of real shops."""
