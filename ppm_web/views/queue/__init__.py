"""The page of the queues, the workers and the schedules."""
