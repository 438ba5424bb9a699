"""The use cases of PPM. They own every commit; views, jobs and commands only call them."""
