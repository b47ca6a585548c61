"""What is new, to many: `bus` carries it between processes, `hub` to the subscribers of one."""
