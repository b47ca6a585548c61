"""snowtrack: frames from snow ploughs in, the clearance state of every road segment out."""
