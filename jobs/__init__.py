"""The jobs: one short function a file, named by dotted path in ``ppm_web.queue.JOBS``."""
