"""The pages of batches: the list, a batch and how far it is, and starting one."""
